package io.millrace.inference.models;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * What a replica serves and where it keeps packages (`millrace.inference.*`).
 *
 * @param environments environments it serves
 * @param replica its name in events; empty: host name and process id
 * @param modelDir folder of fetched packages; may be shared by replicas of one machine
 * @param keepPackages packages kept beside those in use, for a fast roll-back, 0 to 1000
 * @param maxPackageSize largest package that is fetched
 * @param downloadPatience how long a package that cannot be fetched is tried before
 *     DeploymentFailed is published
 * @param retryInterval how often it is tried after that, as long as it is wanted
 */
@ConfigurationProperties("millrace.inference")
public record ServingSettings(
    @DefaultValue({"staging", "production"}) List<String> environments,
    @DefaultValue("") String replica,
    @DefaultValue(".millrace/inference/models") Path modelDir,
    @DefaultValue("5") int keepPackages,
    @DefaultValue("2GB") DataSize maxPackageSize,
    @DefaultValue("30s") Duration downloadPatience,
    @DefaultValue("30s") Duration retryInterval) {

  public ServingSettings {
    environments = List.copyOf(environments);
    if (replica.isBlank()) {
      replica = hostName() + "-" + ProcessHandle.current().pid();
    }
    if (keepPackages < 0 || keepPackages > 1000) {
      throw new IllegalArgumentException(
          "millrace.inference.keep-packages is " + keepPackages + ", not 0 to 1000");
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
