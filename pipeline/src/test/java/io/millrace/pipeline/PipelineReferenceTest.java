package io.millrace.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class PipelineReferenceTest {
  private static final Path PAGE = Path.of("../docs/pipeline.md");

  @Test
  void committedReferenceIsCurrent() throws IOException {
    if (Boolean.getBoolean("millrace.update")) {
      Files.createDirectories(PAGE.getParent());
      Files.writeString(PAGE, PipelineReference.markdown());
    }
    assertThat(PAGE)
        .as(
            "docs/pipeline.md; renew it with: ./mvnw -pl pipeline test"
                + " -Dtest=PipelineReferenceTest -Dmillrace.update=true")
        .hasContent(PipelineReference.markdown());
  }
}
