package io.millrace.gateway;

import org.springframework.boot.Banner;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;

/** The gateway: the one port that is published. */
@SpringBootApplication
@ConfigurationPropertiesScan
public class Gateway {

  /** The application with its own configuration file, ready to be given properties and run. */
  public static SpringApplicationBuilder application() {
    return new SpringApplicationBuilder(Gateway.class)
        .properties("spring.config.name=gateway")
        .bannerMode(Banner.Mode.OFF)
        .web(WebApplicationType.REACTIVE);
  }

  public static void main(String[] args) {
    application().run(args);
  }
}
