package io.millrace.tracking.runs;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * How runs that promised a heartbeat are looked after ({@code millrace.heartbeats.*}).
 *
 * @param check how often silent ones are looked for, 100 ms or more
 */
@ConfigurationProperties("millrace.heartbeats")
record HeartbeatSettings(@DefaultValue("5s") Duration check) {

  HeartbeatSettings {
    if (check.compareTo(Duration.ofMillis(100)) < 0) {
      throw new IllegalArgumentException(
          "millrace.heartbeats.check is " + check + ", not 100ms or more");
    }
  }
}
