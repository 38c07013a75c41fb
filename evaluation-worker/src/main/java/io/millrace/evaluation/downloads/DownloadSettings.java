package io.millrace.evaluation.downloads;

import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * Copies of packages and datasets.
 *
 * @param directory where they are; {@code millrace-evaluation} in the folder for temporary files
 *     where none is given. Several workers may share one.
 * @param size the copies kept beyond a job take at most this much
 * @param patience how long a job waits for an artifact service that does not answer
 */
@ConfigurationProperties("millrace.evaluation.cache")
public record DownloadSettings(
    @Nullable Path directory,
    @DefaultValue("2GB") DataSize size,
    @DefaultValue("2m") Duration patience) {

  public DownloadSettings {
    if (size.isNegative() || patience.isNegative()) {
      throw new IllegalArgumentException(
          "millrace.evaluation.cache: size %s and patience %s must not be negative"
              .formatted(size, patience));
    }
  }

  Path folder() {
    return directory != null
        ? directory
        : Path.of(System.getProperty("java.io.tmpdir"), "millrace-evaluation");
  }
}
