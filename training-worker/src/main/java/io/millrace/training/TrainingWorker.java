package io.millrace.training;

import org.springframework.boot.Banner;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;

/** Takes runs from the queue and has trainers do them. */
@SpringBootApplication(proxyBeanMethods = false)
@ConfigurationPropertiesScan
public class TrainingWorker {

  /** The worker with its own configuration file, ready to run. */
  public static SpringApplicationBuilder application() {
    return new SpringApplicationBuilder(TrainingWorker.class)
        .web(WebApplicationType.REACTIVE)
        .bannerMode(Banner.Mode.OFF)
        .properties("spring.config.name=training-worker");
  }

  /** Runs the worker until it is stopped. */
  public static void main(String[] args) {
    application().run(args);
  }
}
