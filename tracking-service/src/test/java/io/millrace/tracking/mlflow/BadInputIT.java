package io.millrace.tracking.mlflow;

import static io.millrace.tracking.Mlflow.error;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.tracking.Mlflow;
import io.millrace.tracking.RunningTracking;
import io.millrace.tracking.RunningTracking.Answer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Every field of every call that changes something, with every value that it is not made for: the
 * error of the contract, never a failure of the server, and nothing is written.
 */
class BadInputIT {

  /** JSON that is wrong for a text, a number, a list and a message alike, or hardly ever right. */
  private static final List<String> STRANGE =
      List.of(
          "{\"a\":{\"b\":[1]}}",
          "[[1],\"x\"]",
          "[{}]",
          "true",
          "1.5",
          "NaN",
          "-Infinity",
          "1e999",
          "99999999999999999999999999",
          "\"NaN\"",
          "\"Infinity\"",
          "\"\"",
          "\"\\u0000\"",
          "\"a\\u0000b\"",
          "\"\\ud800\"",
          "\"\\udc00x\"",
          "\"\uD83D\uDC4D\uD83C\uDFFD\"",
          "\"'; drop table runs; --\"",
          "\"%s%n$1\"",
          "\"../../etc/passwd\"",
          "\"-1\"",
          "\"9223372036854775808\"",
          "\"" + "x".repeat(20_000) + "\"",
          "\"" + "\\u6f22".repeat(3000) + "\"");

  private final RunningTracking tracking = RunningTracking.shared();
  private final Mlflow mlflow = new Mlflow();
  private final String experiment = mlflow.experiment();
  private final String run = mlflow.run(experiment);
  private final String model =
      mlflow
          .post("logged-models", "{'experiment_id':'%s'}".formatted(experiment))
          .body()
          .at("/model/info/model_id")
          .asString();

  private long before;
  private long writes;

  /** Calls that change or read, each with all of its fields. */
  private Map<String, String> calls() {
    Map<String, String> calls = new LinkedHashMap<>();
    calls.put(
        "POST experiments/create",
        "{'name':'N','artifact_location':'s3://b/p','tags':[{'key':'k','value':'v'}]}");
    calls.put("POST experiments/update", "{'experiment_id':'E','new_name':'N'}");
    calls.put("POST experiments/delete", "{'experiment_id':'E'}");
    calls.put("POST experiments/restore", "{'experiment_id':'E'}");
    calls.put("POST experiments/set-experiment-tag", "{'experiment_id':'E','key':'k','value':'v'}");
    calls.put("POST experiments/delete-experiment-tag", "{'experiment_id':'E','key':'k'}");
    calls.put("GET experiments/get", "{'experiment_id':'E'}");
    calls.put("GET experiments/get-by-name", "{'experiment_name':'N'}");
    calls.put(
        "POST runs/create",
        "{'experiment_id':'E','user_id':'u','run_name':'r','start_time':1,'tags':[{'key':'k','value':'v'}]}");
    calls.put("POST runs/update", "{'run_id':'R','status':'FINISHED','end_time':5,'run_name':'n'}");
    calls.put("POST runs/delete", "{'run_id':'R'}");
    calls.put("POST runs/restore", "{'run_id':'R'}");
    calls.put(
        "POST runs/log-metric",
        "{'run_id':'R','key':'k','value':1.0,'timestamp':1,'step':0,'model_id':'M','dataset_name':'d','dataset_digest':'d'}");
    calls.put("POST runs/log-parameter", "{'run_id':'R','key':'k','value':'v'}");
    calls.put("POST runs/set-tag", "{'run_id':'R','key':'k','value':'v'}");
    calls.put("POST runs/delete-tag", "{'run_id':'R','key':'k'}");
    calls.put(
        "POST runs/log-batch",
        "{'run_id':'R','metrics':[{'key':'k','value':1.0,'timestamp':1,'step':0}],'params':[{'key':'k','value':'v'}],'tags':[{'key':'k','value':'v'}]}");
    calls.put("POST runs/log-model", "{'run_id':'R','model_json':'{}'}");
    calls.put(
        "POST runs/log-inputs",
        "{'run_id':'R','datasets':[{'tags':[{'key':'k','value':'v'}],'dataset':{'name':'n','digest':'d','source_type':'t','source':'s','schema':'c','profile':'p'}}],'models':[{'model_id':'M'}]}");
    calls.put("POST runs/outputs", "{'run_id':'R','models':[{'model_id':'M','step':1}]}");
    calls.put(
        "GET metrics/get-history",
        "{'run_id':'R','metric_key':'k','max_results':5,'page_token':'t'}");
    calls.put(
        "GET metrics/get-history-bulk-interval",
        "{'run_ids':['R'],'metric_key':'k','start_step':0,'end_step':5,'max_results':5}");
    calls.put(
        "POST logged-models",
        "{'experiment_id':'E','name':'n','model_type':'t','source_run_id':'R','params':[{'key':'k','value':'v'}],'tags':[{'key':'k','value':'v'}]}");
    calls.put("PATCH logged-models/M", "{'model_id':'M','status':'LOGGED_MODEL_READY'}");
    calls.put("PATCH logged-models/M/tags", "{'tags':[{'key':'k','value':'v'}]}");
    calls.put("POST logged-models/M/params", "{'model_id':'M','params':[{'key':'k','value':'v'}]}");
    calls.put(
        "POST logged-models/search",
        "{'experiment_ids':['E'],'filter':'','datasets':[{'dataset_name':'d','dataset_digest':'d'}],'max_results':1,'order_by':[{'field_name':'name','ascending':true}],'page_token':'t'}");
    calls.put(
        "POST runs/search",
        "{'experiment_ids':['E'],'filter':'','run_view_type':'ALL','max_results':1,'order_by':['run_id'],'page_token':'t'}");
    calls.put(
        "POST experiments/search",
        "{'max_results':1,'page_token':'t','filter':'','order_by':['name'],'view_type':'ALL'}");
    return calls;
  }

  private String filled(String text) {
    return text.replace("'E'", "'" + experiment + "'")
        .replace("'R'", "'" + run + "'")
        .replace("'M'", "'" + model + "'")
        .replace("/M", "/" + model)
        .replace("'N'", "'" + Mlflow.name() + "'");
  }

  private Answer call(String call, String body) {
    String[] parts = filled(call).split(" ");
    return tracking.sendAsIs(parts[0], "/api/2.0/mlflow/" + parts[1], body);
  }

  /**
   * Whether anybody has written anything to the database server since the last time: only what
   * writes takes a transaction id.
   */
  private boolean untouched() {
    long now = tracking.count("select pg_snapshot_xmax(pg_current_snapshot())::text::bigint as n");
    boolean same = now == writes;
    writes = now;
    return same;
  }

  /** A sum over everything stored for the experiment: a refusal must not change it. */
  private long stored() {
    return tracking.count(
        """
        select coalesce(sum(hashtext(row)::bigint), 0)::bigint as n from (
          select e::text as row from experiments e
          union all select t::text from experiment_tags t
          union all select r::text from runs r where r.experiment_id = $1
          union all select t::text from run_tags t where t.run_id = $2
          union all select t::text from run_params t where t.run_id = $2
          union all select t::text from run_metrics t where t.run_id = $2
          union all select t::text from run_datasets t where t.run_id = $2
          union all select t::text from run_models t where t.run_id = $2
          union all select m::text from logged_models m where m.experiment_id = $1
          union all select t::text from logged_model_tags t where t.model_id = $3
          union all select t::text from logged_model_params t where t.model_id = $3
          union all select t::text from logged_model_metrics t where t.model_id = $3
        ) as everything
        """,
        Long.parseLong(experiment),
        run,
        model);
  }

  @Test
  void refusesEveryStrangeValueInEveryField() {
    SoftAssertions softly = new SoftAssertions();
    before = stored();
    calls()
        .forEach(
            (call, body) -> {
              JsonNode message = RunningTracking.JSON.readTree(filled(body).replace('\'', '"'));
              for (List<Object> place : places(message)) {
                for (String strange : STRANGE) {
                  refused(softly, call, message, place, strange);
                }
              }
            });
    softly.assertAll();
  }

  private void refused(
      SoftAssertions softly, String call, JsonNode message, List<Object> place, String strange) {
    String body = with(message, place, strange);
    Answer answer = call(call, body);
    String shown =
        "%s %s := %s".formatted(call, place, strange.substring(0, Math.min(60, strange.length())));
    softly.assertThat(answer.status()).as(shown).isIn(200, 400, 404);
    if (answer.status() != 200) {
      softly
          .assertThat(error(answer))
          .as(shown)
          .matches(
              "(?s)(400 (INVALID_PARAMETER_VALUE|RESOURCE_ALREADY_EXISTS)|404 RESOURCE_DOES_NOT_EXIST) .+");
      if (!untouched()) {
        softly.assertThat(stored()).as(shown).isEqualTo(before);
      }
    } else {
      before = stored();
    }
  }

  /** The paths to every value of a message, lists and messages inside of it too. */
  private static List<List<Object>> places(JsonNode message) {
    List<List<Object>> places = new ArrayList<>();
    collect(message, List.of(), places);
    return places;
  }

  private static void collect(JsonNode node, List<Object> path, List<List<Object>> places) {
    if (!path.isEmpty()) {
      places.add(path);
    }
    if (node instanceof ObjectNode object) {
      object
          .properties()
          .forEach(field -> collect(field.getValue(), plus(path, field.getKey()), places));
    } else if (node instanceof ArrayNode array) {
      for (int i = 0; i < array.size(); i++) {
        collect(array.get(i), plus(path, i), places);
      }
    }
  }

  private static List<Object> plus(List<Object> path, Object step) {
    List<Object> longer = new ArrayList<>(path);
    longer.add(step);
    return longer;
  }

  /** The message as text with other text at that place, which need not be strict JSON. */
  private static String with(JsonNode message, List<Object> place, String value) {
    JsonNode copy = message.deepCopy();
    JsonNode parent = copy;
    for (Object step : place.subList(0, place.size() - 1)) {
      parent = step instanceof Integer index ? parent.get(index) : parent.get((String) step);
    }
    String mark = "\"@here@\"";
    if (place.getLast() instanceof Integer index) {
      ((ArrayNode) parent).set(index, "@here@");
    } else {
      ((ObjectNode) parent).put((String) place.getLast(), "@here@");
    }
    return copy.toString().replace(mark, value);
  }

  @Test
  void takesSqlForText() {
    String sql = "Robert'); drop table run_tags; --";
    assertThat(
            tracking
                .sendAsIs(
                    "POST",
                    "/api/2.0/mlflow/runs/set-tag",
                    "{\"run_id\":\"%s\",\"key\":\"k\",\"value\":\"%s\"}".formatted(run, sql))
                .text())
        .isEqualTo("{}");
    assertThat(mlflow.get("runs/get?run_id=" + run).text()).contains(sql);
    assertThat(
            error(
                mlflow.get(
                    "experiments/get-by-name?experiment_name=" + Mlflow.encoded("' or '1'='1"))))
        .startsWith("404 RESOURCE_DOES_NOT_EXIST");
  }

  @Test
  void refusesStrangeQueries() {
    for (String query :
        List.of(
            "experiments/get?experiment_id=%00",
            "experiments/get?experiment_id=1&experiment_id=2",
            "experiments/get?experiment_id=0x1",
            "experiments/get?experiment_id=%FF%FE",
            "experiments/get-by-name?experiment_name=a%00b",
            "runs/get?run_id=%00",
            "runs/get?run_id=" + "x".repeat(3000),
            "runs/get?run_id=",
            "runs/get?=",
            "metrics/get-history?run_id=r&metric_key=m&max_results=1e3",
            "metrics/get-history?run_id=r&metric_key=m&max_results=99999999999999999999",
            "metrics/get-history?run_id=r&metric_key=m%00",
            "logged-models/%00",
            "logged-models/%2e%2e%2f")) {
      Answer answer = mlflow.get(query);
      assertThat(error(answer))
          .as(query)
          .matches(
              "(400 INVALID_PARAMETER_VALUE|404 (RESOURCE_DOES_NOT_EXIST|ENDPOINT_NOT_FOUND)) .+");
    }
  }
}
