package io.millrace.monitoring.windows;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * How observations are counted and windows end (`millrace.monitoring.*`).
 *
 * @param consumers consumers of predictions in this process, 0 to 64; those of all processes share
 *     the partitions
 * @param batch most records counted in one transaction, 1 to 5000
 * @param grace how long after its end a window of time waits for what is late
 * @param tick how often ended windows of time are looked for
 * @param profileWait how long predictions wait for a reference profile that cannot be fetched; then
 *     they pass uncounted
 * @param windowsToDetect drifted windows in a row before DriftDetected, 1 to 100
 * @param windowsToResolve undrifted windows in a row before DriftResolved, 1 to 100
 * @param keepWindows closed windows kept for each model and environment
 * @param keepIds how long a prediction that is sent again is known by its id
 */
@ConfigurationProperties("millrace.monitoring")
public record MonitoringSettings(
    @DefaultValue("1") int consumers,
    @DefaultValue("500") int batch,
    @DefaultValue("30s") Duration grace,
    @DefaultValue("1s") Duration tick,
    @DefaultValue("1m") Duration profileWait,
    @DefaultValue("1") int windowsToDetect,
    @DefaultValue("1") int windowsToResolve,
    @DefaultValue("1000") int keepWindows,
    @DefaultValue("4d") Duration keepIds) {

  public MonitoringSettings {
    within("consumers", consumers, 0, 64);
    within("batch", batch, 1, 5000);
    within("windows-to-detect", windowsToDetect, 1, 100);
    within("windows-to-resolve", windowsToResolve, 1, 100);
    within("keep-windows", keepWindows, 1, 1_000_000);
  }

  private static void within(String key, int value, int least, int most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          "millrace.monitoring.%s is %d, not %d to %d".formatted(key, value, least, most));
    }
  }
}
