package io.millrace.standalone;

import io.millrace.cli.CliFailure;
import io.millrace.cli.EventStream;
import io.millrace.cli.GatewayClient;
import io.millrace.cli.Story;
import io.millrace.cli.Terminal;
import io.millrace.cli.Terminal.Style;
import io.millrace.datasets.Csv;
import io.millrace.datasets.Part;
import io.millrace.datasets.Split;
import io.millrace.datasets.Table;
import io.millrace.events.TrainRequested;
import io.millrace.messaging.EventCodec;
import io.millrace.pipeline.Pipeline;
import io.millrace.pipeline.PipelineFile;
import io.millrace.schemas.Topics;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** The whole journey on the sample data, told as it happens. It uses nothing a user could not. */
final class Demo {

  private static final int ROWS_SHOWN = 8;
  private static final int SHIFTED_ROWS_A_CALL = 10;
  private static final int SHIFTED_CALLS = 60;
  private static final double SHIFT = 1.5;
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final Duration DRIFT_PATIENCE = Duration.ofSeconds(30);

  private final URI gatewayAddress;
  private final String kafka;
  private final Terminal terminal;
  private final Path home;
  private long lastSeq;

  Demo(Platform platform, Terminal terminal, Path home) {
    this.gatewayAddress = platform.gateway();
    this.kafka = platform.kafka();
    this.terminal = terminal;
    this.home = home;
  }

  /** Runs the journey; true where it came to its good end. */
  boolean run() {
    var samples = samples();
    var definition = read(samples.resolve("breast-cancer.yaml"));
    var pipeline = PipelineFile.parse(definition).orThrow();
    try (var gateway = new GatewayClient(gatewayAddress)) {
      title("Data and pipeline");
      var version =
          gateway.pushDataset(pipeline.dataset().name(), samples.resolve("breast-cancer.csv"));
      terminal.line(
          "  dataset   %s version %d: %d rows, %d columns, sha256 %.12s…"
              .formatted(
                  pipeline.dataset().name(),
                  version.path("version").asInt(),
                  version.path("rows").asLong(),
                  version.path("columns").asInt(),
                  version.path("digest").asString("")));
      var applied = gateway.tryPost("/api/v1/pipelines", definition, "text/yaml");
      if (!applied.succeeded()) {
        throw new CliFailure("The pipeline was refused: " + applied.body());
      }
      terminal.line(
          "  pipeline  %s version %d, from samples/breast-cancer.yaml"
              .formatted(pipeline.name(), applied.body().path("version").asInt()));

      title("TrainRequested, published on Kafka topic " + Topics.TRAIN_REQUESTS.name());
      var requestId = UUID.randomUUID().toString();
      var stream = new EventStream(gateway).where("flow", requestId).after(0);
      publish(requestId, pipeline.name());
      var story = new Story(terminal);
      stream.forEachByTime(
          event -> {
            lastSeq = Math.max(lastSeq, event.path("seq").asLong());
            return story.tell(event);
          },
          PATIENCE);
      if (story.ending() != Story.Ending.DEPLOYED) {
        terminal.line(terminal.styled(Style.RED, "The journey ended before a model was served."));
        return false;
      }
      var data = fetch(gateway, pipeline, version.path("version").asInt());
      score(gateway, pipeline, data);
      var drifted = drift(gateway, pipeline, data);
      addresses(pipeline, data, requestId);
      return drifted;
    }
  }

  private void title(String text) {
    terminal.line("");
    terminal.line(terminal.styled(Style.BOLD, text));
  }

  /** The samples beside the launcher, or in the working directory. */
  private static Path samples() {
    var root = Path.of(System.getProperty("millrace.root", "."));
    var samples = root.resolve("samples");
    if (!Files.isReadable(samples.resolve("breast-cancer.yaml"))) {
      throw new CliFailure(
          "The sample files are not in "
              + samples.toAbsolutePath().normalize()
              + ". Start the demo with ./millrace from the project's folder.");
    }
    return samples;
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void publish(String requestId, String pipeline) {
    Map<String, Object> settings =
        Map.of(
            ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
            kafka,
            ProducerConfig.ACKS_CONFIG,
            "all",
            ProducerConfig.LINGER_MS_CONFIG,
            0);
    var event =
        TrainRequested.newBuilder()
            .setRequestId(requestId)
            .setPipeline(pipeline)
            .setRequestedBy("demo")
            .build();
    try (var producer =
        new KafkaProducer<>(settings, new StringSerializer(), new ByteArraySerializer())) {
      producer
          .send(
              new ProducerRecord<>(
                  Topics.TRAIN_REQUESTS.name(), requestId, new EventCodec().encode(event)))
          .get(20, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CliFailure("Interrupted.");
    } catch (ExecutionException | TimeoutException e) {
      throw new CliFailure(
          "TrainRequested could not be published on " + kafka + ": " + e.getMessage());
    }
  }

  /** The data with the rows that training never saw. */
  private record Data(Table table, List<String> features, int[] heldOut) {

    List<String> row(int row) {
      return features.stream()
          .map(column -> table.text(table.schema().indexOf(column), row))
          .toList();
    }
  }

  private Data fetch(GatewayClient gateway, Pipeline pipeline, int version) {
    var file = home.resolve("work").resolve("demo.csv");
    try {
      Files.createDirectories(file.getParent());
      gateway.fetchDataset(pipeline.dataset().name(), Integer.toString(version), file);
      var table = Csv.read(file);
      var spec = pipeline.dataset().split();
      var split =
          new Split(spec.train(), spec.validation(), spec.test(), spec.stratify(), spec.seed());
      var target = pipeline.dataset().target();
      var features = table.schema().names().stream().filter(name -> !name.equals(target)).toList();
      return new Data(table, features, split.assign(table, target).rows(Part.TEST));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      file.toFile().deleteOnExit();
    }
  }

  private void score(GatewayClient gateway, Pipeline pipeline, Data data) {
    title("Held-out rows, scored through the gateway");
    var rows = new ArrayList<List<String>>();
    for (var row : data.heldOut()) {
      rows.add(data.row(row));
    }
    var predictions = predict(gateway, pipeline, data, rows);
    var target = data.table().schema().indexOf(pipeline.dataset().target());
    List<List<@Nullable String>> shown = new ArrayList<>();
    int right = 0;
    for (int i = 0; i < rows.size(); i++) {
      var prediction = predictions.path(i);
      var label =
          prediction.isObject() ? prediction.path("label").asString("") : prediction.asString("");
      var truth = data.table().text(target, data.heldOut()[i]);
      right += label.equals(truth) ? 1 : 0;
      if (i < ROWS_SHOWN) {
        shown.add(
            List.of(
                Integer.toString(data.heldOut()[i] + 1),
                label,
                truth,
                label.equals(truth) ? "yes" : "NO"));
      }
    }
    terminal.table(2, List.of("row", "predicted", "truth", "right"), shown);
    terminal.line("  … %d of %d held-out rows right".formatted(right, rows.size()));
  }

  private JsonNode predict(
      GatewayClient gateway, Pipeline pipeline, Data data, List<List<String>> rows) {
    List<List<Object>> cells = new ArrayList<>();
    for (var row : rows) {
      cells.add(row.stream().<Object>map(Double::valueOf).toList());
    }
    Map<String, Object> split = new LinkedHashMap<>();
    split.put("columns", data.features());
    split.put("data", cells);
    return gateway
        .post(
            "/invocations?model=" + pipeline.name() + "&environment=production",
            Map.of("dataframe_split", split))
        .path("predictions");
  }

  private boolean drift(GatewayClient gateway, Pipeline pipeline, Data data) {
    title(
        "A shifted stream: every measurement %.0f %% larger, as after a wrong calibration"
            .formatted((SHIFT - 1) * 100));
    var stream =
        new EventStream(gateway)
            .where("type", "DriftDetected")
            .where("model", pipeline.name())
            .after(lastSeq);
    var detected = new CompletableFuture<JsonNode>();
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                stream.forEach(
                    event -> {
                      detected.complete(event.path("data"));
                      return false;
                    },
                    DRIFT_PATIENCE);
              } catch (CliFailure e) {
                detected.completeExceptionally(e);
              }
            });
    var random = new Random(7);
    int sent = 0;
    for (int call = 0; call < SHIFTED_CALLS && !detected.isDone(); call++) {
      var rows = new ArrayList<List<String>>();
      for (int i = 0; i < SHIFTED_ROWS_A_CALL; i++) {
        rows.add(shifted(data.row(random.nextInt(data.table().rows()))));
      }
      predict(gateway, pipeline, data, rows);
      sent += rows.size();
      terminal.progress("rows sent", sent, (long) SHIFTED_CALLS * SHIFTED_ROWS_A_CALL, "");
      awaitBriefly(detected);
    }
    terminal.endProgress();
    try {
      var drift = detected.get(DRIFT_PATIENCE.toSeconds(), TimeUnit.SECONDS);
      tell(drift, sent);
      return true;
    } catch (TimeoutException e) {
      terminal.line(
          terminal.styled(Style.RED, "  No DriftDetected after " + sent + " shifted rows."));
      return false;
    } catch (ExecutionException e) {
      throw new CliFailure("The event stream failed: " + e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CliFailure("Interrupted.");
    }
  }

  private static void awaitBriefly(CompletableFuture<JsonNode> detected) {
    try {
      detected.get(100, TimeUnit.MILLISECONDS);
    } catch (TimeoutException | ExecutionException e) {
      // Not yet: the next call follows.
      return;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static List<String> shifted(List<String> row) {
    return row.stream().map(cell -> Double.toString(Double.parseDouble(cell) * SHIFT)).toList();
  }

  private void tell(JsonNode drift, int sent) {
    terminal.line(
        "  %s after %d shifted rows: %.0f %% of the columns differ from the reference profile (alert from %.0f %%)"
            .formatted(
                terminal.styled(Style.YELLOW, "DriftDetected"),
                sent,
                drift.path("share").asDouble() * 100,
                drift.path("shareThreshold").asDouble() * 100));
    List<List<@Nullable String>> rows = new ArrayList<>();
    for (var column : drift.path("columns")) {
      if (rows.size() < ROWS_SHOWN) {
        rows.add(
            List.of(
                column.path("column").asString(""),
                column.path("test").asString(""),
                "%.3f".formatted(column.path("statistic").asDouble()),
                "%.1e".formatted(column.path("adjustedPValue").asDouble()),
                "%.2f".formatted(column.path("psi").asDouble()),
                column.path("drifted").asBoolean() ? "drifted" : ""));
      }
    }
    terminal.table(4, List.of("column", "test", "statistic", "adjusted p", "psi", ""), rows);
    var more = drift.path("columns").size() - rows.size();
    if (more > 0) {
      terminal.line("    … and " + more + " more columns");
    }
  }

  private void addresses(Pipeline pipeline, Data data, String requestId) {
    title("Addresses");
    terminal.line("  console               " + gatewayAddress + "/");
    terminal.line("  MLflow tracking URI   " + gatewayAddress);
    terminal.line("  Kafka                 " + kafka);
    terminal.line("  this story again      ./millrace flow " + requestId);
    terminal.line("  predict");
    var cells = String.join(",", data.row(data.heldOut()[0]));
    terminal.line(
        String.format(
            Locale.ROOT,
            "    curl -s '%s/invocations?model=%s' -H 'Content-Type: application/json' -d '{\"instances\":[[%s]]}'",
            gatewayAddress,
            pipeline.name(),
            cells));
  }
}
