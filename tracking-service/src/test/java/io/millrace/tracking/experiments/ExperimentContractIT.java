package io.millrace.tracking.experiments;

import static io.millrace.tracking.Mlflow.error;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.tracking.Mlflow;
import io.millrace.tracking.RunningTracking;
import io.millrace.tracking.RunningTracking.Answer;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** MLflow's calls about experiments, seen from outside. */
class ExperimentContractIT {

  private final Mlflow mlflow = new Mlflow();
  private final String name = Mlflow.name();

  private Answer create(String fields) {
    return mlflow.post("experiments/create", "{'name':'%s'%s}".formatted(name, fields));
  }

  private JsonNode read(String id) {
    return mlflow.get("experiments/get?experiment_id=" + id).body().path("experiment");
  }

  @Test
  void createsAndReads() {
    String id =
        create(",'tags':[{'key':'team','value':'a'},{'key':'team','value':'b'},{'key':'e'}]")
            .body()
            .path("experiment_id")
            .asString();

    assertThat(id).matches("[0-9]+");
    JsonNode experiment = read(id);
    assertThat(experiment.path("creation_time").asLong()).isPositive();
    assertThat(mlflow.get("experiments/get?experiment_id=" + id).text())
        .isEqualTo(
            "{\"experiment\":{\"experiment_id\":\"%1$s\",\"name\":\"%2$s\",\"artifact_location\":\"mlflow-artifacts:/%1$s\",\"lifecycle_stage\":\"active\",\"last_update_time\":%3$d,\"creation_time\":%3$d,\"tags\":[{\"key\":\"e\",\"value\":\"\"},{\"key\":\"team\",\"value\":\"b\"}]}}"
                .formatted(id, name, experiment.path("creation_time").asLong()));
    assertThat(
            mlflow.get("experiments/get-by-name?experiment_name=" + name).body().path("experiment"))
        .isEqualTo(experiment);
    assertThat(error(mlflow.get("experiments/get-by-name?experiment_name=" + name + "x")))
        .isEqualTo(
            "404 RESOURCE_DOES_NOT_EXIST Could not find experiment with name '%sx'"
                .formatted(name));
    assertThat(error(mlflow.get("experiments/get?experiment_id=999999999")))
        .isEqualTo("404 RESOURCE_DOES_NOT_EXIST No Experiment with id=999999999 exists");
  }

  @Test
  void hasADefaultExperiment() {
    assertThat(read("0").path("name").asString()).isEqualTo("Default");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "s3://bucket/path         | s3://bucket/path",
        "s3://bucket/p?region=eu  | s3://bucket/p?region=eu",
        "/var/models              | /var/models",
        "file:///var/models       | file:///var/models"
      })
  void keepsAnArtifactLocation(String given, String kept) {
    String id =
        create(",'artifact_location':'%s'".formatted(given))
            .body()
            .path("experiment_id")
            .asString();
    assertThat(read(id).path("artifact_location").asString()).isEqualTo(kept);
    assertThat(mlflow.readRun(mlflow.run(id)).at("/info/artifact_uri").asString())
        .startsWith(kept + "/")
        .endsWith("/artifacts");
  }

  @Test
  void makesALocalLocationAbsolute() {
    String id =
        create(",'artifact_location':'models/here'").body().path("experiment_id").asString();
    assertThat(read(id).path("artifact_location").asString())
        .startsWith("/")
        .endsWith("/models/here");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "s3://b/p#frag     | 'artifact_location' URL can't include fragments or params.",
        "s3://b/p;x=1      | 'artifact_location' URL can't include fragments or params.",
        "s3://b/p?a=../b   | Invalid artifact location: s3://b/p?a=../b",
        "runs:/abc/model   | Invalid artifact location: runs:/abc/model"
      })
  void refusesAnArtifactLocation(String given, String message) {
    assertThat(error(create(",'artifact_location':'%s'".formatted(given))))
        .isEqualTo("400 INVALID_PARAMETER_VALUE " + message);
    assertThat(mlflow.get("experiments/get-by-name?experiment_name=" + name).status())
        .isEqualTo(404);
  }

  @Test
  void holdsToItsLimits() {
    assertThat(error(mlflow.post("experiments/create", "{'name':'%s'}".formatted("n".repeat(501)))))
        .isEqualTo(
            "400 INVALID_PARAMETER_VALUE 'name' exceeds the maximum length of 500 characters");
    for (int length : new int[] {499, 500}) {
      String longName = name + "漢".repeat(length - name.length());
      assertThat(mlflow.post("experiments/create", "{'name':'%s'}".formatted(longName)).status())
          .isEqualTo(200);
    }
    String id = mlflow.experiment();
    assertThat(location(2049)).startsWith("400").contains("2048");
    assertThat(location(2048)).startsWith("200");
    for (int length : new int[] {249, 250}) {
      assertThat(tag(id, "k".repeat(length), "v")).startsWith("200");
    }
    assertThat(tag(id, "k".repeat(251), "v"))
        .contains("'key' exceeds the maximum length of 250 characters");
    for (int length : new int[] {4999, 5000}) {
      assertThat(tag(id, "long", "v".repeat(length))).startsWith("200");
    }
    assertThat(tag(id, "long", "v".repeat(5001)))
        .contains("'value' exceeds the maximum length of 5000 characters");
    assertThat(tag(id, "a$b", "v"))
        .contains("Invalid value \"a$b\" for parameter 'key' supplied: Names may only contain");
    assertThat(tag(id, "a//b", "v")).contains("This name would resolve to 'a/b'");
    assertThat(read(id).path("tags")).hasSize(3);
  }

  private String location(int length) {
    return error(
        mlflow.post(
            "experiments/create",
            "{'name':'%s','artifact_location':'s3://b/%s'}"
                .formatted(Mlflow.name(), "p".repeat(length - 7))));
  }

  private String tag(String id, String key, String value) {
    return error(
        mlflow.post(
            "experiments/set-experiment-tag",
            "{'experiment_id':'%s','key':'%s','value':'%s'}".formatted(id, key, value)));
  }

  @Test
  void renames() {
    String id = create("").body().path("experiment_id").asString();
    String other = mlflow.experiment();
    assertThat(rename(id, name + " new")).startsWith("200");
    assertThat(read(id).path("name").asString()).isEqualTo(name + " new");
    assertThat(rename(other, name + " new")).startsWith("400 RESOURCE_ALREADY_EXISTS");
    assertThat(rename(id, name + " new")).startsWith("200");
    assertThat(rename(id, "")).contains("Missing value for required parameter 'new_name'.");
    assertThat(rename("99999999", "x")).startsWith("404 RESOURCE_DOES_NOT_EXIST");
    mlflow.post("experiments/delete", "{'experiment_id':'%s'}".formatted(id));
    assertThat(rename(id, name))
        .isEqualTo("400 INVALID_PARAMETER_VALUE Cannot rename a non-active experiment.");
  }

  private String rename(String id, String newName) {
    return error(
        mlflow.post(
            "experiments/update", "{'experiment_id':'%s','new_name':'%s'}".formatted(id, newName)));
  }

  @Test
  void givesANameToOneOfManyThatWantItAtOnce() throws Exception {
    List<String> ids = java.util.stream.Stream.generate(mlflow::experiment).limit(6).toList();
    try (var pool = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Callable<String>> renames =
          ids.stream().map(id -> (Callable<String>) () -> rename(id, name)).toList();
      List<String> answers =
          pool.invokeAll(renames).stream().map(java.util.concurrent.Future::resultNow).toList();
      assertThat(answers).filteredOn(answer -> answer.startsWith("200")).hasSize(1);
      assertThat(answers)
          .filteredOn(answer -> !answer.startsWith("200"))
          .allMatch(answer -> answer.startsWith("400 RESOURCE_ALREADY_EXISTS"));
    }
  }

  @Test
  void deletesAndRestoresWithItsRuns() {
    String id = create("").body().path("experiment_id").asString();
    String run = mlflow.run(id);
    long created = read(id).path("last_update_time").asLong();
    String body = "{'experiment_id':'%s'}".formatted(id);

    assertThat(mlflow.post("experiments/delete", body).text()).isEqualTo("{}");
    assertThat(read(id).path("lifecycle_stage").asString()).isEqualTo("deleted");
    assertThat(read(id).path("last_update_time").asLong()).isGreaterThanOrEqualTo(created);
    assertThat(mlflow.readRun(run).at("/info/lifecycle_stage").asString()).isEqualTo("deleted");
    assertThat(error(mlflow.post("experiments/delete", body)))
        .startsWith("404 RESOURCE_DOES_NOT_EXIST");
    assertThat(error(create(""))).startsWith("400 RESOURCE_ALREADY_EXISTS");
    assertThat(error(mlflow.post("runs/create", body)))
        .isEqualTo(
            "400 INVALID_PARAMETER_VALUE The experiment %s must be in the 'active' state. Current state is deleted."
                .formatted(id));
    for (String call : List.of("set-experiment-tag", "delete-experiment-tag")) {
      assertThat(
              error(
                  mlflow.post(
                      "experiments/" + call,
                      "{'experiment_id':'%s','key':'k','value':'v'}".formatted(id))))
          .contains("must be in the 'active' state");
    }

    assertThat(mlflow.post("experiments/restore", body).text()).isEqualTo("{}");
    assertThat(read(id).path("lifecycle_stage").asString()).isEqualTo("active");
    assertThat(mlflow.readRun(run).at("/info/lifecycle_stage").asString()).isEqualTo("active");
    assertThat(error(mlflow.post("experiments/restore", body)))
        .startsWith("404 RESOURCE_DOES_NOT_EXIST");
  }

  @Test
  void keepsTagsWithoutTouchingTheTimeOfUpdate() {
    String id = mlflow.experiment();
    JsonNode before = read(id);
    assertThat(tag(id, "k", "1")).startsWith("200");
    assertThat(tag(id, "k", "2")).startsWith("200");
    assertThat(
            mlflow
                .post(
                    "experiments/set-experiment-tag",
                    "{'experiment_id':'%s','key':'none'}".formatted(id))
                .text())
        .isEqualTo("{}");
    assertThat(read(id).path("tags").toString())
        .isEqualTo("[{\"key\":\"k\",\"value\":\"2\"},{\"key\":\"none\",\"value\":\"\"}]");
    String delete = "{'experiment_id':'%s','key':'none'}".formatted(id);
    assertThat(mlflow.post("experiments/delete-experiment-tag", delete).text()).isEqualTo("{}");
    assertThat(error(mlflow.post("experiments/delete-experiment-tag", delete)))
        .isEqualTo(
            "404 RESOURCE_DOES_NOT_EXIST No tag with name: none in experiment with id %s"
                .formatted(id));
    assertThat(read(id).path("last_update_time")).isEqualTo(before.path("last_update_time"));
  }

  @Test
  void forgetsNoRunThatIsMadeWhileItIsDeleted() throws Exception {
    RunningTracking tracking = RunningTracking.shared();
    for (int round = 0; round < 5; round++) {
      String id = mlflow.experiment();
      String body = "{'experiment_id':'%s'}".formatted(id);
      try (var pool = Executors.newVirtualThreadPerTaskExecutor()) {
        for (int i = 0; i < 8; i++) {
          pool.submit(() -> mlflow.post("runs/create", body));
        }
        pool.submit(() -> mlflow.post("experiments/delete", body));
      }
      assertThat(
              tracking.count(
                  "select count(*) as n from runs where experiment_id = $1 and lifecycle_stage = 'active'",
                  Long.parseLong(id)))
          .isZero();
    }
  }
}
