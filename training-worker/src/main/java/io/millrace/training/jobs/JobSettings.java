package io.millrace.training.jobs;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * How a worker takes jobs (`millrace.training.*`).
 *
 * @param concurrency runs at once, 1 to 100; each is a process with its own memory limit
 * @param worker name shown with the run; empty: host, process and a random part
 * @param leaseWait how long a worker waits for a run that another one still holds, before it gives
 *     the job back
 */
@ConfigurationProperties("millrace.training")
record JobSettings(
    @DefaultValue("1") int concurrency,
    @DefaultValue("") String worker,
    @DefaultValue("2m") Duration leaseWait) {

  JobSettings {
    if (concurrency < 1 || concurrency > 100) {
      throw new IllegalArgumentException(
          "millrace.training.concurrency is " + concurrency + ", not 1 to 100");
    }
  }
}
