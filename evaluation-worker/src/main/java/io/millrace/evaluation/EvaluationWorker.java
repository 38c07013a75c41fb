package io.millrace.evaluation;

import org.springframework.boot.Banner;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;

/** The evaluation worker: held-out metrics, gates, verdicts. */
@SpringBootApplication
@ConfigurationPropertiesScan
public class EvaluationWorker {

  /** The application with its own configuration file, ready to be given properties and run. */
  public static SpringApplicationBuilder application() {
    return new SpringApplicationBuilder(EvaluationWorker.class)
        .properties("spring.config.name=evaluation-worker")
        .bannerMode(Banner.Mode.OFF)
        .web(WebApplicationType.REACTIVE);
  }

  public static void main(String[] args) {
    application().run(args);
  }
}
