package io.millrace.tracking.mlflow;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * How MLflow's calls are taken ({@code millrace.mlflow.*}).
 *
 * @param largestBody longest request body, 1 to 256 MB; the default holds the profile of a dataset
 * @param truncateLongValues true where values of parameters and tags that are too long are cut,
 *     false where they are refused
 */
@ConfigurationProperties("millrace.mlflow")
public record MlflowSettings(
    @DefaultValue("20MB") DataSize largestBody, @DefaultValue("true") boolean truncateLongValues) {

  public MlflowSettings {
    if (largestBody.toMegabytes() < 1 || largestBody.toMegabytes() > 256) {
      throw new IllegalArgumentException(
          "millrace.mlflow.largest-body is %s, not 1MB to 256MB".formatted(largestBody));
    }
  }
}
