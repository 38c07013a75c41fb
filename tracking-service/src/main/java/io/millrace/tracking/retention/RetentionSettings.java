package io.millrace.tracking.retention;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * When deleted runs and experiments are removed for good ({@code millrace.retention.*}).
 *
 * @param enabled whether it happens by itself; a person may ask for it in either case
 * @param keep how long after its deletion a run can be restored
 * @param every how often it is looked at
 */
@ConfigurationProperties("millrace.retention")
record RetentionSettings(
    @DefaultValue("true") boolean enabled,
    @DefaultValue("30d") Duration keep,
    @DefaultValue("1h") Duration every) {

  RetentionSettings {
    if (keep.isNegative()) {
      throw new IllegalArgumentException("millrace.retention.keep is " + keep + ", not 0 or more");
    }
    if (every.compareTo(Duration.ofSeconds(1)) < 0) {
      throw new IllegalArgumentException(
          "millrace.retention.every is " + every + ", not 1s or more");
    }
  }
}
