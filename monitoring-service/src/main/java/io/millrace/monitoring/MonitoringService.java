package io.millrace.monitoring;

import org.springframework.boot.Banner;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;

/** The monitoring service as a program. */
@SpringBootApplication
@ConfigurationPropertiesScan
public class MonitoringService {

  /** The service, to be run alone or beside others in one JVM. */
  public static SpringApplicationBuilder application() {
    return new SpringApplicationBuilder(MonitoringService.class)
        .main(MonitoringService.class)
        .properties("spring.config.name=monitoring-service")
        .bannerMode(Banner.Mode.OFF)
        .web(WebApplicationType.REACTIVE);
  }

  public static void main(String[] args) {
    application().run(args);
  }
}
