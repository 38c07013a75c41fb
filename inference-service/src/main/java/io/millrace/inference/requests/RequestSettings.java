package io.millrace.inference.requests;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * Limits of requests (`millrace.inference.*`).
 *
 * @param defaultEnvironment environment of a request that names none
 * @param maxBody largest body of a request
 * @param bodyMemory most memory for the bodies of all requests together; a request that finds no
 *     room is answered 429
 * @param maxRows most rows of a request, 1 to 1 000 000
 * @param eventLoopBudget a request that is expected to take longer to score leaves the network
 *     thread for a pool of as many threads as there are processors
 * @param queue requests that wait for that pool; one more is answered 429
 */
@ConfigurationProperties("millrace.inference")
public record RequestSettings(
    @DefaultValue("production") String defaultEnvironment,
    @DefaultValue("8MB") DataSize maxBody,
    @DefaultValue("64MB") DataSize bodyMemory,
    @DefaultValue("10000") int maxRows,
    @DefaultValue("2ms") Duration eventLoopBudget,
    @DefaultValue("256") int queue) {

  public RequestSettings {
    if (maxRows < 1 || maxRows > 1_000_000) {
      throw new IllegalArgumentException(
          "millrace.inference.max-rows is " + maxRows + ", not 1 to 1000000");
    }
    if (maxBody.toBytes() < 1 || maxBody.toBytes() > Integer.MAX_VALUE / 2) {
      throw new IllegalArgumentException(
          "millrace.inference.max-body is " + maxBody + ", not 1 byte to 1 GB");
    }
    if (queue < 1) {
      throw new IllegalArgumentException("millrace.inference.queue is " + queue + ", not above 0");
    }
  }
}
