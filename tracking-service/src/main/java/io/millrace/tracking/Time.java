package io.millrace.tracking;

import java.time.Clock;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The clock of everything that notes a time. */
@Configuration(proxyBeanMethods = false)
class Time {

  @Bean
  Clock clock() {
    return Clock.systemUTC();
  }
}
