package io.millrace.problems;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.context.annotation.Bean;

/** Adds the one error answer of /api/v1, and the refusal of NUL, to a reactive web application. */
@AutoConfiguration
@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.REACTIVE)
public class ProblemAutoConfiguration {

  @Bean
  ProblemAdvice problemAdvice() {
    return new ProblemAdvice();
  }

  /**
   * Not named after its class: the gateway has a bean of that name, and shares a class path in
   * standalone.
   */
  @Bean
  NulInPath refusalOfNulInPath() {
    return new NulInPath();
  }
}
