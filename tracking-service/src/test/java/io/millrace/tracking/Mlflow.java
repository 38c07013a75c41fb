package io.millrace.tracking;

import io.millrace.tracking.RunningTracking.Answer;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import tools.jackson.databind.JsonNode;

/** MLflow's calls to the running service, as a client without a library makes them. */
public final class Mlflow {

  private final RunningTracking tracking = RunningTracking.shared();

  /** A POST; single quotes stand for double ones. */
  public Answer post(String call, String json) {
    return tracking.mlflow(call, json);
  }

  /** A GET, with the query in the path. */
  public Answer get(String call) {
    return tracking.get("/api/2.0/mlflow/" + call);
  }

  public Answer send(String method, String call, String json) {
    return tracking.send(method, "/api/2.0/mlflow/" + call, json);
  }

  /** A new experiment's id. */
  public String experiment() {
    return post("experiments/create", "{'name':'%s'}".formatted(name()))
        .body()
        .path("experiment_id")
        .asString();
  }

  /** A new run's id. */
  public String run(String experiment) {
    return post("runs/create", "{'experiment_id':'%s','start_time':1000}".formatted(experiment))
        .body()
        .at("/run/info/run_id")
        .asString();
  }

  /** The run as the server tells it. */
  public JsonNode readRun(String id) {
    return get("runs/get?run_id=" + id).body().path("run");
  }

  /** A name that no other test has. */
  public static String name() {
    return "c-" + UUID.randomUUID();
  }

  /** Status, code and message of a refusal in one line. */
  public static String error(Answer answer) {
    return answer.status()
        + " "
        + answer.body().path("error_code").asString("-")
        + " "
        + answer.body().path("message").asString("-");
  }

  public static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }
}
