package io.millrace.messaging;

import io.millrace.schemas.Topics;
import java.lang.management.ManagementFactory;
import java.util.function.Consumer;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.messaging.Message;

/** A service with one binding, started in a JVM of its own to see what a start costs. */
final class StartupMain {

  private StartupMain() {}

  @Configuration(proxyBeanMethods = false)
  @EnableAutoConfiguration
  static class Service {
    @Bean
    Consumer<Message<byte[]>> runs(EventHandlersFactory handlers) {
      return handlers.named("startup").build();
    }
  }

  public static void main(String[] args) {
    for (int i = 0; i < 2; i++) {
      long cpu = cpu();
      long start = System.nanoTime();
      try (var context =
          new SpringApplicationBuilder(Service.class)
              .web(WebApplicationType.NONE)
              .properties(
                  "spring.main.web-application-type=none",
                  "spring.application.name=startup" + i,
                  "millrace.kafka.bootstrap-servers=" + args[0],
                  "spring.cloud.function.definition=runs",
                  "spring.cloud.stream.bindings.runs-in-0.destination=" + Topics.RUNS.name(),
                  "spring.cloud.stream.bindings.runs-in-0.group=startup" + i)
              .run()) {
        System.out.println(
            "started "
                + i
                + " cpu="
                + (cpu() - cpu) / 1_000_000
                + "ms (JVM before: "
                + cpu / 1_000_000
                + "ms) wall="
                + (System.nanoTime() - start) / 1_000_000
                + "ms beans="
                + context.getBeanDefinitionCount());
      }
    }
    System.exit(0);
  }

  private static long cpu() {
    return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }
}
