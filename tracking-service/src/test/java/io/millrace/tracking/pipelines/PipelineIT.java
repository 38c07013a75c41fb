package io.millrace.tracking.pipelines;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.millrace.events.PipelineApplied;
import io.millrace.tracking.Mlflow;
import io.millrace.tracking.RunningTracking;
import io.millrace.tracking.RunningTracking.Answer;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
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

  @Test
  void tellsOfEachNewVersionWhatItChangesAndNotTheFile() throws Exception {
    String yaml = RunningTracking.definition(name);
    String faster = yaml.replace("trees: 300", "trees: 3");
    applied(yaml);
    applied(yaml);
    applied(faster);
    applied("# said otherwise\n" + faster);
    PipelineApplied last =
        tracking.await(PipelineApplied.class, told -> ofThis(told) && told.getVersion() == 3);
    assertThat(tracking.events(PipelineApplied.class).filter(this::ofThis))
        .extracting(
            PipelineApplied::getVersion,
            PipelineApplied::getPreviousVersion,
            PipelineApplied::getChanged,
            PipelineApplied::getBy)
        .containsExactly(
            tuple(1, null, List.of(), "ada"),
            tuple(2, 1, List.of("train"), "ada"),
            tuple(3, 2, List.of(), "ada"));
    assertThat(last.getSha256())
        .isEqualTo(
            HexFormat.of()
                .formatHex(
                    MessageDigest.getInstance("SHA-256")
                        .digest(("# said otherwise\n" + faster).getBytes(StandardCharsets.UTF_8))));
  }

  private boolean ofThis(PipelineApplied told) {
    return told.getPipelineName().equals(name);
  }

  private String applied(String yaml) {
    Answer answer =
        tracking.send(
            HttpRequest.newBuilder(tracking.uri("/api/v1/pipelines"))
                .header("Content-Type", "text/yaml")
                .header("X-Millrace-User", "ada")
                .POST(HttpRequest.BodyPublishers.ofString(yaml)));
    return answer.status()
        + " "
        + answer.body().path("version").asInt()
        + " "
        + answer.body().path("created").asBoolean();
  }
}
