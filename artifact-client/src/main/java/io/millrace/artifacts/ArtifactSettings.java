package io.millrace.artifacts;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * How artifact-service is called ({@code millrace.artifact.*}).
 *
 * @param uri its base address
 * @param connectTimeout longest wait for a connection
 * @param timeout longest wait for an answer, and for the next bytes of one
 * @param patience how long a download or upload is retried without any progress; 0: one attempt
 * @param cache copies on disk
 */
@ConfigurationProperties("millrace.artifact")
public record ArtifactSettings(
    @DefaultValue("http://127.0.0.1:8082") URI uri,
    @DefaultValue("5s") Duration connectTimeout,
    @DefaultValue("30s") Duration timeout,
    @DefaultValue("2m") Duration patience,
    @DefaultValue Cache cache) {

  public ArtifactSettings {
    if (uri.getScheme() == null || uri.getHost() == null) {
      throw new IllegalArgumentException(
          "millrace.artifact.uri is '%s'; give an address such as http://127.0.0.1:8082"
              .formatted(uri));
    }
    uri = URI.create(uri.toString().replaceAll("/+$", ""));
    if (connectTimeout.toMillis() < 1 || timeout.toMillis() < 1 || patience.isNegative()) {
      throw new IllegalArgumentException(
          "millrace.artifact: connect-timeout %s and timeout %s must be positive, patience %s must not be negative"
              .formatted(connectTimeout, timeout, patience));
    }
  }

  /**
   * @param directory folder of the copies, which several processes may share; without one there is
   *     no cache
   * @param size the least recently used copies beyond it are deleted
   */
  public record Cache(@Nullable Path directory, @DefaultValue("2GB") DataSize size) {

    public Cache {
      if (size.isNegative()) {
        throw new IllegalArgumentException(
            "millrace.artifact.cache.size is %s; it must not be negative".formatted(size));
      }
    }
  }
}
