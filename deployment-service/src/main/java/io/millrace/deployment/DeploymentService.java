package io.millrace.deployment;

import org.springframework.boot.Banner;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.builder.SpringApplicationBuilder;

/** The deployment service: environments, policies, approvals, desired state. */
@SpringBootApplication
public class DeploymentService {

  /** The application with its own configuration file, ready to be given properties and run. */
  public static SpringApplicationBuilder application() {
    return new SpringApplicationBuilder(DeploymentService.class)
        .properties("spring.config.name=deployment-service")
        .bannerMode(Banner.Mode.OFF)
        .web(WebApplicationType.REACTIVE);
  }

  public static void main(String[] args) {
    application().run(args);
  }
}
