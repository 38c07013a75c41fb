package io.millrace.tracking;

import io.millrace.schemas.Topic;
import io.millrace.schemas.Topics;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.springframework.boot.Banner;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;
import org.springframework.scheduling.annotation.EnableScheduling;

/** The tracking service. */
@SpringBootApplication
@ConfigurationPropertiesScan
@EnableScheduling
public class TrackingService {

  /** The application with its own configuration file, ready to be given properties and run. */
  public static SpringApplicationBuilder application() {
    return new SpringApplicationBuilder(TrackingService.class)
        .properties(
            "spring.config.name=tracking-service",
            "spring.cloud.stream.bindings.flowEvents-in-0.destination=" + factTopics(),
            "spring.cloud.stream.bindings.letters-in-0.destination=" + deadLetterTopics())
        .bannerMode(Banner.Mode.OFF)
        .web(WebApplicationType.REACTIVE);
  }

  public static void main(String[] args) {
    application().run(args);
  }

  /** Train requests reach the history through the intake, which is their one reader. */
  private static String factTopics() {
    return joined(topic -> topic != Topics.TRAIN_REQUESTS, Topic::name);
  }

  private static String deadLetterTopics() {
    return joined(topic -> true, Topic::deadLetterName);
  }

  private static String joined(Predicate<Topic> wanted, Function<Topic, String> name) {
    return Topics.all().stream()
        .filter(Topic::history)
        .filter(wanted)
        .map(name)
        .collect(Collectors.joining(","));
  }
}
