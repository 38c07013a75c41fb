package io.millrace.artifact.artifacts;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ArtifactOwnerTest {

  private static final String ID = "a1b2c3d4e5f60718293a4b5c6d7e8f90";

  @ParameterizedTest
  @CsvSource({
    "2/ID/artifacts/plots/roc.png, ID, , 2, ID",
    "2/ID/artifacts, ID, , 2, ID",
    "2/ID, ID, , 2, ID",
    "2/models/m-ID/artifacts/MLmodel, , m-ID, 2, m-ID",
    "2/models/m-ID, , m-ID, 2, m-ID",
    "teams/heart/ID/artifacts/a, ID, , , ID",
    "teams/models/m-ID/artifacts/a, , m-ID, , m-ID",
    // Nobody's: neither a run's folder nor a model's.
    "2, , , 2, 2",
    "2/traces/tr-1/artifacts/traces.json, , , 2, 2",
    "2/ID/elsewhere/a, , , 2, 2",
    "2/m-ID/artifacts/a, , , 2, 2",
    "02/a, , , , 02",
    "ID/artifacts/a, , , , ID",
    "projects/abc/project.tar.gz, , , , projects",
  })
  void isWhatThePathSays(String path, String run, String model, String experiment, String key) {
    ArtifactPath at = ArtifactPath.ofFile(path.replace("ID", ID));
    ArtifactOwner owner = ArtifactOwner.of(at);
    assertThat(owner).isEqualTo(new ArtifactOwner(of(run), of(model), experiment));
    assertThat(owner.key(at)).isEqualTo(of(key));
  }

  private static String of(String id) {
    return id == null ? null : id.replace("ID", ID);
  }
}
