package io.millrace.inference.models;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * What a replica serves (`millrace.inference.*`).
 *
 * @param environments environments it serves
 * @param replica its name in events; empty: host name and process id
 * @param maxPackageSize largest package that is downloaded
 * @param downloadPatience how long the download of a package is retried before DeploymentFailed is
 *     published
 * @param retryInterval pause between retries after that, as long as the package is desired
 */
@ConfigurationProperties("millrace.inference")
public record ServingSettings(
    @DefaultValue({"staging", "production"}) List<String> environments,
    @DefaultValue("") String replica,
    @DefaultValue("2GB") DataSize maxPackageSize,
    @DefaultValue("30s") Duration downloadPatience,
    @DefaultValue("30s") Duration retryInterval) {

  public ServingSettings {
    environments = List.copyOf(environments);
    if (replica.isBlank()) {
      replica = hostName() + "-" + ProcessHandle.current().pid();
    }
    if (environments.isEmpty()) {
      throw new IllegalArgumentException(
          "millrace.inference.environments is empty: name at least one");
    }
  }

  private static String hostName() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "localhost";
    }
  }
}
