package io.millrace.tracking.runs;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.tracking.RunningTracking;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The JSON that the database writes says what is in it. */
class RunDocumentsIT {

  private static final RunningTracking tracking = RunningTracking.shared();
  private static final Pattern VALUE = Pattern.compile("\"value\":([^,]*),\"timestamp\"");

  @Test
  void numbersKeepTheirValueAndAlwaysHaveAFractionOrAnExponent() {
    Random random = new Random(3);
    Map<String, Double> metrics = new TreeMap<>();
    List.of(0.0, -0.0, 1.0, -1.0, 0.1, 1e-4, 1e-5, -1e-300, Double.MIN_VALUE, Double.MAX_VALUE)
        .forEach(value -> metrics.put("m" + metrics.size(), value));
    List.of(1e14, 123456789012345.0, 999999999999999.9, 1e15, 1e16, 1e21, -1e15, 0x1p53, Double.NaN)
        .forEach(value -> metrics.put("m" + metrics.size(), value));
    for (int i = 0; i < 2000; i++) {
      double value = Double.longBitsToDouble(random.nextLong());
      metrics.put("bits" + i, Double.isFinite(value) ? value : 0.5);
      metrics.put("whole" + i, (double) random.nextInt());
      metrics.put("part" + i, random.nextInt() / 1000.0);
    }

    String json = data(run(metrics, Map.of(), Map.of()));

    Map<String, Double> read = new TreeMap<>();
    JsonMapper.shared()
        .readTree(json)
        .path("metrics")
        .forEach(
            metric ->
                read.put(
                    metric.path("key").stringValue(),
                    Double.valueOf(metric.path("value").asString())));
    assertThat(read).isEqualTo(metrics);
    Matcher values = VALUE.matcher(json);
    assertThat(values.results().map(found -> found.group(1)))
        .hasSameSizeAs(metrics.keySet())
        .allMatch(value -> value.equals("\"NaN\"") || value.matches("-?\\d+(\\.\\d+)?(e[+-]\\d+)?"))
        .allMatch(value -> value.matches(".*[.eN].*"));
  }

  @Test
  void infinitiesBecomeTheLargestNumbersOfTheirSign() {
    assertThat(
            data(
                run(
                    new TreeMap<>(
                        Map.of("a", Double.POSITIVE_INFINITY, "b", Double.NEGATIVE_INFINITY)),
                    Map.of(),
                    Map.of())))
        .contains("\"value\":1.7976931348623157e+308,", "\"value\":-1.7976931348623157e+308,");
  }

  @Test
  void textsComeBackWhateverIsInThem() {
    Map<String, String> texts = new LinkedHashMap<>();
    for (int c = 1; c < 0x3000; c++) {
      texts.merge("k" + c / 64, Character.toString(c), String::concat);
    }
    texts.put("quote\"back\\slash/", "a\"b\\c/d\b\f\n\r\t\u2028\u2029\u007f\ufffe😀");
    texts.put("", "");

    JsonNode data = JsonMapper.shared().readTree(data(run(Map.of(), texts, texts)));

    for (String kind : List.of("params", "tags")) {
      Map<String, String> read = new TreeMap<>();
      data.path(kind)
          .forEach(
              pair -> read.put(pair.path("key").stringValue(), pair.path("value").stringValue()));
      assertThat(read).isEqualTo(texts);
    }
    assertThat(data.has("metrics")).isFalse();
  }

  @Test
  void aRunToWhichNothingWasLoggedHasAnEmptyObject() {
    assertThat(data(run(Map.of(), Map.of(), Map.of()))).isEqualTo("{}");
  }

  private static String data(SearchedRun run) {
    SearchedRun.store(tracking.database(), List.of(run));
    return tracking
        .database()
        .read(tx -> tracking.bean(RunDocuments.class).get(tx, new RunId(run.id())).data());
  }

  private static SearchedRun run(
      Map<String, Double> metrics, Map<String, String> params, Map<String, String> tags) {
    return new SearchedRun(
        UUID.randomUUID().toString().replace("-", ""),
        0,
        "run",
        "",
        "FINISHED",
        0,
        null,
        "active",
        metrics,
        params,
        tags,
        List.of());
  }
}
