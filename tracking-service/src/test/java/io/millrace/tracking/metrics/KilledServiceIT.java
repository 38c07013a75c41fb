package io.millrace.tracking.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.tracking.RunningTracking;
import io.millrace.tracking.TrackingProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Batches that are cut off by a kill of the service. */
class KilledServiceIT {

  private static final int KILLS = 3;
  private static final int WRITERS = 6;
  private static final int POINTS = 50;

  private final Set<Integer> acknowledged = ConcurrentHashMap.newKeySet();
  private final AtomicInteger batches = new AtomicInteger();

  @Test
  void keepsEveryAcknowledgedBatchWholeAndNoneByHalf(@TempDir Path folder) throws Exception {
    List<TrackingProcess> services = new ArrayList<>();
    try {
      services.add(new TrackingProcess(folder.resolve("tracking-0.log")));
      String run = run(services.getFirst());
      // The processes that go on where one was killed start together: starting takes most of the
      // time.
      IntStream.rangeClosed(1, KILLS)
          .mapToObj(
              i ->
                  CompletableFuture.supplyAsync(
                      () -> services.getFirst().replica(folder.resolve("tracking-" + i + ".log"))))
          .toList()
          .forEach(starting -> services.add(starting.join()));
      for (int kill = 0; kill < KILLS; kill++) {
        TrackingProcess service = services.get(kill);
        int before = acknowledged.size();
        try (var threads = Executors.newFixedThreadPool(WRITERS)) {
          List<Future<?>> writers = new ArrayList<>();
          for (int writer = 0; writer < WRITERS; writer++) {
            writers.add(threads.submit(() -> writeUntilItIsGone(service, run)));
          }
          org.awaitility.Awaitility.await("batches are acknowledged")
              .atMost(java.time.Duration.ofSeconds(60))
              .pollDelay(java.time.Duration.ZERO)
              .pollInterval(java.time.Duration.ofMillis(1))
              .until(() -> acknowledged.size() >= before + 25);
          service.kill();
          for (var writer : writers) {
            writer.get();
          }
        }
      }
      assertWhole(services.getLast(), run);
    } finally {
      services.forEach(TrackingProcess::close);
    }
  }

  private void writeUntilItIsGone(TrackingProcess service, String run) {
    while (true) {
      int batch = batches.getAndIncrement();
      try {
        if (service.mlflow("runs/log-batch", json(run, batch)) == 200) {
          acknowledged.add(batch);
        }
      } catch (IOException gone) {
        return;
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  /** Even batches have a tag and a parameter too, odd ones metrics only. */
  private static String json(String run, int batch) {
    String metrics =
        IntStream.range(0, POINTS)
            .mapToObj(
                i ->
                    "{'key':'m-%d','value':%d,'timestamp':%d,'step':%d}"
                        .formatted(i, batch, batch, batch))
            .collect(Collectors.joining(","));
    return batch % 2 == 1
        ? "{'run_id':'%s','metrics':[%s]}".formatted(run, metrics)
        : "{'run_id':'%s','metrics':[%s],'tags':[{'key':'t-%d','value':'x'}],'params':[{'key':'p-%d','value':'x'}]}"
            .formatted(run, metrics, batch, batch);
  }

  private void assertWhole(TrackingProcess service, String run) throws Exception {
    Map<Integer, Integer> points = new TreeMap<>();
    for (int i = 0; i < POINTS; i++) {
      for (JsonNode point : history(service, run, "m-" + i)) {
        points.merge(point.path("step").asInt(), 1, Integer::sum);
      }
    }
    JsonNode data = get(service, "runs/get?run_id=" + run).path("run").path("data");
    Set<Integer> tags = numbers(data.path("tags"), "t-");
    Set<Integer> params = numbers(data.path("params"), "p-");
    assertThat(points.keySet()).containsAll(acknowledged);
    assertThat(points.values()).as("points of each batch that is there").containsOnly(POINTS);
    Set<Integer> even =
        points.keySet().stream().filter(batch -> batch % 2 == 0).collect(Collectors.toSet());
    assertThat(tags).isEqualTo(even);
    assertThat(params).isEqualTo(even);
  }

  private static Set<Integer> numbers(JsonNode entries, String prefix) {
    return entries
        .valueStream()
        .map(entry -> entry.path("key").asString())
        .filter(key -> key.startsWith(prefix))
        .map(key -> Integer.valueOf(key.substring(prefix.length())))
        .collect(Collectors.toSet());
  }

  private static JsonNode history(TrackingProcess service, String run, String key)
      throws Exception {
    return get(service, "metrics/get-history?run_id=" + run + "&metric_key=" + key).path("metrics");
  }

  private static JsonNode get(TrackingProcess service, String call) throws Exception {
    return RunningTracking.JSON.readTree(service.get("/api/2.0/mlflow/" + call));
  }

  private static String run(TrackingProcess service) throws Exception {
    return RunningTracking.JSON
        .readTree(service.send("runs/create", "{'experiment_id':'0'}").body())
        .path("run")
        .path("info")
        .path("run_id")
        .asString();
  }
}
