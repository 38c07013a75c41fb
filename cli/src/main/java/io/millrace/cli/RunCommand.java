package io.millrace.cli;

import io.millrace.pipeline.Parsed;
import io.millrace.pipeline.Pipeline;
import io.millrace.pipeline.PipelineFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Applies a pipeline file, asks for a training and tells what becomes of it. */
@Command(
    name = "run",
    description = "Apply a pipeline file, train, and follow the story to its end.")
final class RunCommand implements Callable<Integer> {

  @ParentCommand @Nullable Millrace millrace;

  @Parameters(
      paramLabel = "FILE",
      description = "The pipeline file, for example samples/breast-cancer.yaml.")
  @Nullable Path file;

  @Mixin TrainingOptions training = new TrainingOptions();

  @Override
  public Integer call() throws IOException {
    var root = java.util.Objects.requireNonNull(millrace);
    var path = java.util.Objects.requireNonNull(file);
    var terminal = root.terminal();
    var definition = read(path);
    var pipeline = pipeline(path, definition);
    try (var gateway = root.client()) {
      training.pushData(gateway, terminal, pipeline);
      apply(gateway, terminal, definition);
      return training.ask(gateway, terminal, pipeline, Map.of());
    }
  }

  static String read(Path path) throws IOException {
    if (!Files.isReadable(path)) {
      throw new CliFailure(
          "Cannot read " + path.toAbsolutePath() + ". `./millrace init` writes a working file.");
    }
    return Files.readString(path);
  }

  static Pipeline pipeline(Path path, String definition) {
    return switch (PipelineFile.parse(definition)) {
      case Parsed.Valid valid -> valid.pipeline();
      case Parsed.Invalid invalid -> {
        var text = new StringBuilder(path + " has " + invalid.problems().size() + " problem(s):");
        invalid.problems().forEach(problem -> text.append("\n  - ").append(problem.message()));
        throw new CliFailure(text.toString());
      }
    };
  }

  static void apply(GatewayClient gateway, Terminal terminal, String definition) {
    var answer = gateway.tryPost("/api/v1/pipelines", definition, "text/yaml");
    if (!answer.succeeded()) {
      throw new CliFailure(
          "The pipeline was refused:\n" + GatewayClient.refusal("POST /api/v1/pipelines", answer));
    }
    terminal.line(
        "pipeline  %s version %d%s"
            .formatted(
                Story.text(answer.body(), "name"),
                answer.body().path("version").asInt(),
                answer.body().path("created").asBoolean() ? "" : " (unchanged)"));
  }

  /** How long the story waits for a gateway that went away. */
  static final Duration GIVE_UP_AFTER = Duration.ofMinutes(2);
}
