package io.millrace.tracking.mlflow;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.tracking.RunningTracking;
import io.millrace.tracking.RunningTracking.Answer;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** The searches of experiments and runs, seen from outside. */
class SearchContractIT {

  private static final JsonMapper JSON = RunningTracking.JSON;

  private final RunningTracking tracking = RunningTracking.shared();
  private final String prefix = "sc-" + UUID.randomUUID();
  private String experiment;

  @BeforeEach
  void anExperiment() {
    experiment = create(prefix);
  }

  private String create(String name) {
    return post("experiments/create", Map.of("name", name)).body().path("experiment_id").asString();
  }

  private Answer post(String call, Object fields) {
    return raw(call, JSON.writeValueAsString(fields));
  }

  /** Sends JSON as it is, single quotes included. */
  private Answer raw(String call, String json) {
    return tracking.send(
        java.net.http.HttpRequest.newBuilder(tracking.uri("/api/2.0/mlflow/" + call))
            .header("Content-Type", "application/json")
            .POST(java.net.http.HttpRequest.BodyPublishers.ofString(json)));
  }

  private String run(String name, long start) {
    return post(
            "runs/create",
            Map.of("experiment_id", experiment, "run_name", name, "start_time", start))
        .body()
        .at("/run/info/run_id")
        .asString();
  }

  private void log(String run, String body) {
    ObjectNode fields = (ObjectNode) JSON.readTree(body.replace('\'', '"'));
    assertThat(post("runs/log-batch", fields.put("run_id", run)).status()).isEqualTo(200);
  }

  private Answer search(String filter, String... orderBy) {
    return post(
        "runs/search",
        Map.of(
            "experiment_ids", List.of(experiment), "filter", filter, "order_by", List.of(orderBy)));
  }

  private static List<String> names(Answer answer) {
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    List<String> names = new ArrayList<>();
    answer.body().path("runs").forEach(run -> names.add(run.at("/info/run_name").asString()));
    answer.body().path("experiments").forEach(found -> names.add(found.path("name").asString()));
    return names;
  }

  private void runsWithAndWithout() {
    log(
        run("one", 1),
        "{'metrics':[{'key':'m','value':1,'timestamp':0}],'params':[{'key':'p','value':'x'}]}");
    log(
        run("two", 2),
        "{'metrics':[{'key':'m','value':2,'timestamp':0}],'params':[{'key':'p','value':'y'}],'tags':[{'key':'t','value':'T'}]}");
    log(run("nan", 3), "{'metrics':[{'key':'m','value':'NaN','timestamp':0}]}");
    run("bare", 4);
  }

  @Test
  void ordersNumbersThenNotANumberThenNothingInBothDirections() {
    runsWithAndWithout();

    assertThat(names(search("", "metrics.m"))).containsExactly("one", "two", "nan", "bare");
    assertThat(names(search("", "metrics.m DESC"))).containsExactly("two", "one", "nan", "bare");
    assertThat(names(search("", "params.p desc"))).containsExactly("two", "one", "bare", "nan");
    assertThat(names(search(""))).containsExactly("bare", "nan", "two", "one");
  }

  @Test
  void findsNoRunThatLacksWhatTheClauseAsks() {
    runsWithAndWithout();

    assertThat(names(search("metrics.m != 7"))).containsExactly("two", "one");
    assertThat(names(search("metrics.m > -1 or metrics.m <= 0"))).containsExactly("two", "one");
    assertThat(names(search("params.p != 'x'"))).containsExactly("two");
    assertThat(names(search("not params.p = 'x'"))).containsExactly("bare", "nan", "two");
    assertThat(names(search("params.p IS NULL and run_name != 'bare'"))).containsExactly("nan");
    assertThat(names(search("tags.t ILIKE 't' AND status = 'RUNNING'"))).containsExactly("two");
    assertThat(names(search("status = 'running'"))).isEmpty();
    assertThat(search("metrics.m > 100").text()).isEqualTo("{}");
  }

  @Test
  void findsRunsByTheirDatasets() {
    String run = run("reader", 1);
    raw(
        "runs/log-inputs",
        """
        {"run_id":"%s","datasets":[{"dataset":{"name":"iris","digest":"d1","source_type":"s","source":"x"},
         "tags":[{"key":"mlflow.data.context","value":"training"}]},
         {"dataset":{"name":"wine","digest":"d2","source_type":"s","source":"x"}}]}
        """
            .formatted(run));
    run("other", 2);

    assertThat(names(search("datasets.name = 'wine' AND dataset.context = 'training'")))
        .containsExactly("reader");
    assertThat(names(search("datasets.digest IN ('d9')"))).isEmpty();
  }

  @Test
  void takesAPageTokenForItsOwnSearchOnly() {
    runsWithAndWithout();
    Map<String, Object> query =
        Map.of(
            "experiment_ids",
            List.of(experiment),
            "max_results",
            1,
            "order_by",
            List.of("metrics.m DESC"));
    List<String> names = new ArrayList<>();
    String token = "";
    String first = "";
    do {
      Answer page = post("runs/search", with(query, "page_token", token));
      names.addAll(names(page));
      token = page.body().path("next_page_token").asString("");
      first = first.isEmpty() ? token : first;
    } while (!token.isEmpty());

    assertThat(names).containsExactly("two", "one", "nan", "bare");
    assertThat(
            post("runs/search", with(with(query, "page_token", first), "filter", "metrics.m > 0"))
                .body()
                .path("message")
                .asString())
        .startsWith("Invalid page token: it was given by a search with another filter");
    assertThat(names(post("runs/search", with(with(query, "page_token", first), "max_results", 9))))
        .containsExactly("one", "nan", "bare");
    assertThat(message(post("runs/search", with(query, "page_token", "%"))))
        .isEqualTo("Invalid page token, could not base64-decode");
    assertThat(message(post("runs/search", with(query, "page_token", "YWJj"))))
        .isEqualTo("Invalid page token, decoded value=b'abc'");
    assertThat(
            message(
                post(
                    "runs/search",
                    with(query, "page_token", first.substring(0, first.length() - 4)))))
        .startsWith("Invalid page token, decoded value=b'");
  }

  private static String message(Answer answer) {
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.body().path("error_code").asString()).isEqualTo("INVALID_PARAMETER_VALUE");
    return answer.body().path("message").asString();
  }

  private static Map<String, Object> with(Map<String, Object> query, String name, Object value) {
    Map<String, Object> more = new java.util.HashMap<>(query);
    more.put(name, value);
    return more;
  }

  @Test
  void searchesExperiments() {
    String second = create(prefix + " B_%");
    String third = create(prefix + " c");
    post(
        "experiments/set-experiment-tag",
        Map.of("experiment_id", third, "key", "team x", "value", "A"));
    post("experiments/delete", Map.of("experiment_id", second));
    String mine = "name LIKE '" + prefix + "%'";

    assertThat(names(experiments(Map.of("filter", mine, "order_by", List.of("name")))))
        .containsExactly(prefix, prefix + " c");
    assertThat(names(experiments(Map.of("filter", mine + " AND attribute.name ILIKE '% C'"))))
        .containsExactly(prefix + " c");
    assertThat(names(experiments(Map.of("filter", mine, "view_type", "DELETED_ONLY"))))
        .containsExactly(prefix + " B_%");
    assertThat(names(experiments(Map.of("filter", "tags.`team x` = 'A' and " + mine))))
        .containsExactly(prefix + " c");
    assertThat(names(experiments(Map.of("filter", "tag.`team x` IS NULL and " + mine))))
        .containsExactly(prefix);
    assertThat(
            names(
                experiments(
                    Map.of(
                        "filter",
                        mine + " and creation_time > 0 and last_update_time >= 0",
                        "view_type",
                        "ALL",
                        "order_by",
                        List.of("experiment_id DESC")))))
        .containsExactly(prefix + " c", prefix + " B_%", prefix);
    Answer got =
        tracking.get(
            "/api/2.0/mlflow/experiments/search?max_results=1&view_type=ALL&order_by=name&order_by=experiment_id+DESC&filter="
                + URLEncoder.encode(mine, StandardCharsets.UTF_8));
    assertThat(names(got)).containsExactly(prefix);
    assertThat(
            names(
                tracking.get(
                    "/api/2.0/mlflow/experiments/search?max_results=5&view_type=ALL&order_by=name&order_by=experiment_id+DESC&filter="
                        + URLEncoder.encode(mine, StandardCharsets.UTF_8)
                        + "&page_token="
                        + got.body().path("next_page_token").asString())))
        .containsExactly(prefix + " B_%", prefix + " c");
    assertThat(message(experiments(Map.of("order_by", List.of("tags.a")))))
        .isEqualTo("Invalid order_by entity: tag");
    assertThat(message(experiments(Map.of("filter", "attributes.name = 'x'"))))
        .startsWith("Invalid entity type 'attributes'.");
  }

  private Answer experiments(Map<String, Object> query) {
    return post("experiments/search", with(query, "max_results", 100));
  }

  @Test
  void losesAndDoublesNoExperimentBetweenPages() {
    List<String> expected = new ArrayList<>(List.of(prefix));
    for (int i = 0; i < 12; i++) {
      expected.add(prefix + i);
      create(prefix + i);
    }
    for (List<String> order :
        List.of(List.<String>of(), List.of("name DESC"), List.of("last_update_time"))) {
      List<String> seen = new ArrayList<>();
      String token = "";
      do {
        Answer page =
            post(
                "experiments/search",
                Map.of(
                    "max_results",
                    5,
                    "filter",
                    "name LIKE '" + prefix + "%'",
                    "order_by",
                    order,
                    "page_token",
                    token));
        seen.addAll(names(page));
        token = page.body().path("next_page_token").asString("");
        create(prefix + "later" + order.size() + seen.size());
      } while (!token.isEmpty() && seen.size() < 100);

      assertThat(seen).doesNotHaveDuplicates().containsAll(expected);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "'; drop table runs; --",
        "\" or 1=1 --",
        "$1",
        "$$",
        "x' || pg_sleep(5) || '",
        "\\",
        "%",
        "\u0000",
        "😀",
        "{}",
        "?",
        ":a",
        "1e999",
        "-9223372036854775809",
        "null",
        "/* */",
        "\ud83d"
      })
  void answersSqlInAnyPlaceWithoutHarm(String fragment) {
    runsWithAndWithout();
    List<String> filters =
        List.of(
            fragment,
            "metrics.`" + fragment + "` > 1",
            "metrics.m > " + fragment,
            "metrics.m " + fragment + " 1",
            "params." + fragment + " = 'x'",
            "params.p = '" + fragment + "'",
            "params.p LIKE \"" + fragment + "\"",
            "params.p IN ('" + fragment + "', 'x')",
            "tags.`" + fragment + "` ILIKE '%'",
            fragment + ".p = 'x'",
            "start_time > " + fragment,
            "status = '" + fragment + "'",
            "datasets.name = \"" + fragment + "\"",
            "run_id IN (\"" + fragment + "\")");
    List<Answer> answers = new ArrayList<>();
    for (String filter : filters) {
      answers.add(search(filter));
      answers.add(search("params.p = 'x' or (" + filter + ")"));
      answers.add(experiments(Map.of("filter", filter)));
    }
    for (String order :
        List.of(
            fragment,
            "metrics.`" + fragment + "` DESC",
            "params." + fragment,
            "metrics.m " + fragment)) {
      answers.add(search("", order));
      answers.add(experiments(Map.of("order_by", List.of(order))));
    }
    answers.add(
        post("runs/search", Map.of("experiment_ids", List.of(experiment), "page_token", fragment)));
    answers.add(post("runs/search", Map.of("experiment_ids", List.of(fragment))));

    assertThat(answers)
        .allSatisfy(answer -> assertThat(answer.status()).as(answer.text()).isIn(200, 400));
    assertThat(names(search(""))).hasSize(4);
  }

  @Test
  void findsNothingWithoutExperiments() {
    assertThat(post("runs/search", Map.of()).text()).isEqualTo("{}");
    assertThat(message(post("runs/search", Map.of("filter", "x")))).contains("Invalid clause(s)");
    JsonNode none = post("runs/search", Map.of("experiment_ids", List.of("987654321"))).body();
    assertThat(none.isEmpty()).isTrue();
  }
}
