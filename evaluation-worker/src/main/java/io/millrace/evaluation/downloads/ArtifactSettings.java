package io.millrace.evaluation.downloads;

import java.net.URI;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Where the artifact service is.
 *
 * @param uri its base address
 */
@ConfigurationProperties("millrace.artifact")
public record ArtifactSettings(@DefaultValue("http://127.0.0.1:8082") URI uri) {

  public ArtifactSettings {
    if (uri.getScheme() == null || uri.getHost() == null) {
      throw new IllegalArgumentException(
          "millrace.artifact.uri is '%s'; give an address such as http://127.0.0.1:8082"
              .formatted(uri));
    }
  }
}
