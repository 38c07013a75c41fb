package io.millrace.artifact;

import org.springframework.boot.Banner;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;

/** Stores artifacts and dataset versions in S3 and hands them out again. */
@SpringBootApplication(proxyBeanMethods = false)
@ConfigurationPropertiesScan
public class ArtifactService {

  /** The service with its own configuration file, ready to run. */
  public static SpringApplicationBuilder application() {
    return new SpringApplicationBuilder(ArtifactService.class)
        .web(WebApplicationType.REACTIVE)
        .bannerMode(Banner.Mode.OFF)
        .properties("spring.config.name=artifact-service");
  }

  /** Runs the service until it is stopped. */
  public static void main(String[] args) {
    application().run(args);
  }
}
