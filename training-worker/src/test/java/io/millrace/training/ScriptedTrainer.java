package io.millrace.training;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A trainer that does what the parameter {@code do} says. */
public final class ScriptedTrainer {

  private ScriptedTrainer() {}

  public static void main(String[] args) throws Exception {
    Path output = Path.of(System.getenv("MILLRACE_OUTPUT"));
    JsonNode job =
        JsonMapper.builder()
            .build()
            .readTree(Files.readAllBytes(Path.of(System.getenv("MILLRACE_JOB"))));
    String deed = job.path("params").path("do").asString();
    System.out.println("doing " + deed);
    switch (deed) {
      case "succeed" -> {
        checks(output, true);
        succeed(output);
      }
      case "environment" -> {
        System.getenv().forEach((key, value) -> System.out.println(key + "=" + value));
        System.out.println("job " + job);
        System.out.println("data " + Files.readString(Path.of(System.getenv("MILLRACE_DATASET"))));
        checks(output, true);
        succeed(output);
      }
      case "sleep" -> {
        checks(output, true);
        Thread.sleep(600_000);
      }
      case "until-told" -> {
        checks(output, true);
        while (!Files.exists(output.resolve("told"))) {
          Thread.sleep(20);
        }
        succeed(output);
      }
      case "stubborn" -> {
        Runtime.getRuntime().addShutdownHook(new Thread(ScriptedTrainer::forever));
        new ProcessBuilder("sleep", "600").start();
        checks(output, true);
        forever();
      }
      case "fail-checks" -> {
        checks(output, false);
        result(
            output,
            "{\"status\":\"failed\",\"reason\":\"data-checks-failed\",\"message\":\"column x is empty\"}");
        System.exit(3);
      }
      case "refused" -> {
        result(
            output,
            "{\"status\":\"failed\",\"reason\":\"fenced\",\"message\":\"tracking refused a metric\"}");
        System.exit(6);
      }
      case "crash" -> throw new IllegalStateException("the sky is falling");
      case "lie" -> System.exit(0);
      case "heap" -> {
        List<byte[]> hoard = new ArrayList<>();
        while (true) {
          hoard.add(new byte[1 << 20]);
        }
      }
      case "native" -> {
        for (int i = 0; i < 64; i++) {
          MemorySegment segment = Arena.global().allocate(64L << 20);
          segment.fill((byte) 1);
          Thread.sleep(50);
        }
        forever();
      }
      default -> System.exit(2);
    }
  }

  private static void succeed(Path output) throws IOException {
    Files.createDirectories(output.resolve("model/nested"));
    Files.writeString(output.resolve("model/manifest.json"), "{\"files\":[]}");
    Files.writeString(output.resolve("model/model.onnx"), "onnx");
    Files.writeString(output.resolve("model/nested/a b.txt"), "nested");
    result(
        output,
        "{\"status\":\"succeeded\",\"message\":\"done\",\"metrics\":{\"validation.accuracy\":0.9},\"parity\":{\"maxAbsDiff\":1.0E-6}}");
  }

  private static void checks(Path output, boolean passed) throws IOException {
    Files.writeString(
        output.resolve("data-checks.json"),
        "{\"profile\":\"strict\",\"rows\":3,\"passed\":%s,\"checks\":[{\"check\":\"rows\",\"status\":\"%s\",\"message\":\"3 rows\"}]}"
            .formatted(passed, passed ? "PASS" : "FAIL"));
  }

  private static void result(Path output, String json) throws IOException {
    Files.writeString(output.resolve("result.json"), json);
  }

  private static void forever() {
    try {
      Thread.sleep(Long.MAX_VALUE);
    } catch (InterruptedException e) {
      forever();
    }
  }
}
