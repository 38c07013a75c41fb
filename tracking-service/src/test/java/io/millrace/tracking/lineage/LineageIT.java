package io.millrace.tracking.lineage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.millrace.events.ModelDeployed;
import io.millrace.events.ModelPromoted;
import io.millrace.schemas.Topics;
import io.millrace.tracking.RunningTracking;
import io.millrace.tracking.RunningTracking.Answer;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.TreeSet;
import java.util.UUID;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** From data to what serves it, and back. */
class LineageIT {

  private final RunningTracking tracking = RunningTracking.shared();
  private final String name = "l-" + UUID.randomUUID();

  private JsonNode call(String path, String json) {
    Answer answer = tracking.mlflow(path, json);
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    return answer.body();
  }

  private String run(String... tags) {
    StringBuilder list = new StringBuilder();
    for (int i = 0; i < tags.length; i += 2) {
      list.append(i == 0 ? "" : ",")
          .append("{'key':'%s','value':'%s'}".formatted(tags[i], tags[i + 1]));
    }
    return call("runs/create", "{'experiment_id':'0','tags':[%s]}".formatted(list))
        .at("/run/info/run_id")
        .asString();
  }

  private JsonNode lineage(String of) {
    Answer answer = tracking.get("/api/v1/lineage/" + of);
    assertThat(answer.status()).as(of + " " + answer.text()).isEqualTo(200);
    return answer.body();
  }

  private static TreeSet<String> edges(JsonNode lineage) {
    TreeSet<String> edges = new TreeSet<>();
    lineage
        .path("edges")
        .forEach(
            edge ->
                edges.add(
                    edge.path("from").asString()
                        + " "
                        + edge.path("how").asString()
                        + " "
                        + edge.path("to").asString()));
    return edges;
  }

  @Test
  void tellsTheWholeWayFromDataToProductionInBothDirections() {
    String parent = run("mlflow.source.name", "search.py");
    String run =
        run(
            "mlflow.source.name",
            "train.py",
            "mlflow.source.git.commit",
            "abc123",
            "mlflow.source.git.repoURL",
            "ssh://git/models",
            "mlflow.parentRunId",
            parent);
    call(
        "runs/log-inputs",
        "{'run_id':'%s','datasets':[{'tags':[{'key':'mlflow.data.context','value':'train'}],'dataset':{'name':'%s','digest':'d1','source_type':'http','source':'{}'}}]}"
            .formatted(run, name));
    String logged =
        call("logged-models", "{'experiment_id':'0','source_run_id':'%s'}".formatted(run))
            .at("/model/info/model_id")
            .asString();
    call(
        "runs/outputs",
        "{'run_id':'%s','models':[{'model_id':'%s','step':0}]}".formatted(run, logged));
    call("registered-models/create", "{'name':'%s'}".formatted(name));
    call("model-versions/create", "{'name':'%s','source':'models:/%s'}".formatted(name, logged));
    call("model-versions/create", "{'name':'%s','source':'models:/%s/1'}".formatted(name, name));
    call(
        "registered-models/alias",
        "{'name':'%s','alias':'champion','version':'2'}".formatted(name));
    serve(2, 1, "grace");

    String code = "code/ssh://git/models@abc123";
    String data = "dataset-version/" + name + "@d1";
    String first = "model-version/" + name + ":1";
    String second = "model-version/" + name + ":2";
    TreeSet<String> whole =
        new TreeSet<>(
            List.of(
                "code/search.py ran run/" + parent,
                code + " ran run/" + run,
                data + " read run/" + run,
                "run/" + parent + " started run/" + run,
                "run/" + run + " made logged-model/" + logged,
                "run/" + run + " registered " + first,
                "logged-model/" + logged + " registered " + first,
                first + " copied " + second,
                second + " served environment/production"));
    assertThat(edges(lineage("model-version/" + name + "@champion"))).isEqualTo(whole);
    assertThat(edges(lineage("run/" + run))).isEqualTo(whole);

    JsonNode down = lineage("dataset-version/" + name + "@d1?direction=downstream");
    assertThat(down.path("root").asString()).isEqualTo(data);
    TreeSet<String> below = new TreeSet<>(whole);
    below.removeIf(edge -> edge.startsWith("code/") || edge.contains(" started "));
    assertThat(edges(down)).isEqualTo(below);
    JsonNode served = null;
    for (JsonNode edge : down.path("edges")) {
      served = edge.path("how").asString().equals("served") ? edge : served;
    }
    assertThat(served).isNotNull();
    assertThat(served.at("/details/by").asString()).isEqualTo("grace");
    assertThat(served.at("/details/live").asString()).isEqualTo("true");
    assertThat(edges(lineage("run/" + run + "?depth=1&direction=upstream")))
        .containsExactlyInAnyOrder(
            code + " ran run/" + run,
            data + " read run/" + run,
            "run/" + parent + " started run/" + run);
    assertThat(edges(lineage("logged-model/" + logged + "?direction=upstream&depth=1")))
        .containsExactly("run/" + run + " made logged-model/" + logged);
  }

  @Test
  void saysSinceWhenAVersionServesThatWasGoneBackTo() {
    call("registered-models/create", "{'name':'%s'}".formatted(name));
    for (int version = 1; version <= 2; version++) {
      call("model-versions/create", "{'name':'%s','source':'s3://x'}".formatted(name));
    }
    serve(1, 1, "grace");
    serve(2, 2, "grace");
    Instant gone = Instant.now();
    serve(1, 3, "ada");
    for (JsonNode edge :
        lineage("environment/production?direction=upstream&depth=1").path("edges")) {
      if (edge.path("from").asString().equals("model-version/" + name + ":1")) {
        assertThat(edge.at("/details/by").asString()).isEqualTo("ada");
        assertThat(edge.at("/details/live").asString()).isEqualTo("true");
        assertThat(Instant.parse(edge.at("/details/since").asString())).isAfter(gone);
        return;
      }
    }
    fail("version 1 does not lead to its environment");
  }

  private void serve(int version, int revision, String by) {
    tracking.publish(
        Topics.PROMOTIONS,
        name,
        ModelPromoted.newBuilder()
            .setModelName(name)
            .setVersion(version)
            .setEnvironment("production")
            .setRevision(revision)
            .setCause("MANUAL")
            .setBy(List.of(by))
            .build());
    tracking.publish(
        Topics.DEPLOYMENTS,
        "production/" + name,
        ModelDeployed.newBuilder()
            .setModelName(name)
            .setVersion(version)
            .setEnvironment("production")
            .setRevision(revision)
            .setReplica("replica-1")
            .setLoadMillis(5)
            .build());
    Awaitility.await("both heard")
        .atMost(Duration.ofSeconds(20))
        .until(
            () ->
                tracking.count(
                        "select count(*) as n from registry_history where model_name = $1 and revision = $2",
                        name,
                        (long) revision)
                    == 2);
  }

  @Test
  void namesStoredDataByItsVersion() {
    tracking.apply(name);
    String run = tracking.queued(name, "req-" + name).getRunId();

    JsonNode upstream = lineage("run/" + run + "?direction=upstream");
    String data = null;
    for (JsonNode node : upstream.path("nodes")) {
      data =
          node.path("kind").asString().equals("dataset-version")
              ? node.path("id").asString()
              : data;
    }
    assertThat(data).matches("dataset-version/iris@\\d+");
    assertThat(edges(upstream)).contains("code/" + name + "@1 ran run/" + run);
    assertThat(edges(lineage(data + "?direction=downstream&depth=1")))
        .contains(data + " read run/" + run);
  }

  @Test
  void refusesWhatItCannotLookUp() {
    for (String[] bad :
        new String[][] {
          {"table/x", "400", "unknown-kind"},
          {"code/x", "400", "unknown-kind"},
          {"model-version/x", "400", "invalid-id"},
          {"model-version/x:0", "400", "invalid-id"},
          {"model-version/x:99999999999", "400", "invalid-id"},
          {"dataset-version/x", "400", "invalid-id"},
          {"dataset-version/x@", "400", "invalid-id"},
          {"run/none?depth=0", "400", "invalid-depth"},
          {"run/none?depth=51", "400", "invalid-depth"},
          {"run/none?direction=left", "400", "invalid-direction"},
          {"run/none", "404", "lineage-not-found"},
          {"model-version/none:1", "404", "lineage-not-found"},
          {"model-version/none@a", "404", "lineage-not-found"},
          {"dataset-version/none@1", "404", "lineage-not-found"},
          {"logged-model/m-none", "404", "lineage-not-found"},
          {"environment/none%20%F0%9F%98%80", "404", "lineage-not-found"},
          {"run/%27;%20drop%20table%20runs;--", "404", "lineage-not-found"},
        }) {
      Answer answer = tracking.get("/api/v1/lineage/" + bad[0]);
      assertThat(answer.status() + " " + answer.body().path("code").asString())
          .as(bad[0])
          .isEqualTo(bad[1] + " " + bad[2]);
    }
  }

  @Test
  void stopsWhereThereIsTooMuchAndSaysSo() {
    Graph graph = new Graph(new Node(Kind.RUN, "0"), 3);
    graph.follow(
        new Node(Kind.RUN, "0"),
        50,
        false,
        (kind, nodes) ->
            nodes.stream()
                .map(
                    node ->
                        Edge.of(
                            node,
                            new Node(kind, Integer.toString(Integer.parseInt(node.name()) + 1)),
                            "started"))
                .toList());
    assertThat(graph.nodes()).hasSize(3);
    assertThat(graph.truncated()).isTrue();
  }

  @Test
  void endsInACircle() {
    Graph graph = new Graph(new Node(Kind.RUN, "a"), 100);
    graph.follow(
        new Node(Kind.RUN, "a"),
        50,
        true,
        (kind, nodes) ->
            List.of(
                Edge.of(new Node(Kind.RUN, "b"), new Node(Kind.RUN, "a"), "started"),
                Edge.of(new Node(Kind.RUN, "a"), new Node(Kind.RUN, "b"), "started")));
    assertThat(graph.nodes()).hasSize(2);
    assertThat(graph.edges()).hasSize(2);
  }
}
