package io.millrace.tracking.pipelines;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.tracking.Mlflow;
import io.millrace.tracking.RunningTracking;
import io.millrace.tracking.RunningTracking.Answer;
import java.net.http.HttpRequest;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class PipelineIT {

  private final RunningTracking tracking = RunningTracking.shared();
  private final String name = Mlflow.name();

  @Test
  void appliesPipelinesInVersions() {
    String yaml = RunningTracking.definition(name);
    assertThat(applied(yaml)).isEqualTo("201 1 true");
    assertThat(applied(yaml)).isEqualTo("200 1 false");
    assertThat(applied(yaml.replace("trees: 300", "trees: 3"))).isEqualTo("201 2 true");
    assertThat(applied(yaml)).isEqualTo("201 3 true");
    JsonNode second = tracking.get("/api/v1/pipelines/" + name + "?version=2").body();
    assertThat(second.at("/resolved/train/params/trees").asString()).isEqualTo("3");
    assertThat(second.path("definition").asString()).contains("trees: 3");
    assertThat(tracking.get("/api/v1/pipelines/" + name + "x").body().path("detail").asString())
        .contains("did you mean '" + name + "'?");
    Answer bad = tracking.post("/api/v1/pipelines", "{'definition':'name: x\\nnme: y'}");
    assertThat(bad.status()).isEqualTo(422);
    assertThat(bad.body().path("code").asString()).isEqualTo("invalid-pipeline");
    assertThat(bad.body().path("reasons").toString()).contains("unknown-key", "nme");
    assertThat(tracking.get("/api/v1/pipelines?limit=1000").text()).contains(name);
  }

  private String applied(String yaml) {
    Answer answer =
        tracking.send(
            HttpRequest.newBuilder(tracking.uri("/api/v1/pipelines"))
                .header("Content-Type", "text/yaml")
                .POST(HttpRequest.BodyPublishers.ofString(yaml)));
    return answer.status()
        + " "
        + answer.body().path("version").asInt()
        + " "
        + answer.body().path("created").asBoolean();
  }
}
