package io.millrace.inference;

import org.springframework.boot.Banner;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;

/** The inference service as a program. */
@SpringBootApplication
@ConfigurationPropertiesScan
public class InferenceService {

  /** The service, to be run alone or beside others in one JVM. */
  public static SpringApplicationBuilder application() {
    return new SpringApplicationBuilder(InferenceService.class)
        .main(InferenceService.class)
        .properties("spring.config.name=inference-service")
        .bannerMode(Banner.Mode.OFF)
        .web(WebApplicationType.REACTIVE);
  }

  public static void main(String[] args) {
    application().run(args);
  }
}
