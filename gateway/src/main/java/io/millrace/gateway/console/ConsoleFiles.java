package io.millrace.gateway.console;

import static org.springframework.web.reactive.function.server.RequestPredicates.GET;
import static org.springframework.web.reactive.function.server.RouterFunctions.route;
import static org.springframework.web.reactive.function.server.ServerResponse.ok;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.io.ClassPathResource;
import org.springframework.http.MediaType;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerResponse;

/** Serves the console at `/`, with a policy under which it can load nothing from outside. */
@Configuration(proxyBeanMethods = false)
class ConsoleFiles {

  private static final String POLICY =
      "default-src 'self'; img-src 'self' data:; style-src 'self'; frame-ancestors 'none'; base-uri 'none'";

  @Bean
  RouterFunction<ServerResponse> consolePage() {
    return route(
        GET("/").or(GET("/index.html")),
        request ->
            ok().contentType(MediaType.TEXT_HTML)
                .header("Content-Security-Policy", POLICY)
                .header("X-Content-Type-Options", "nosniff")
                .header("Cache-Control", "no-cache")
                .bodyValue(new ClassPathResource("console/index.html")));
  }

  @Bean
  RouterFunction<ServerResponse> consoleAssets() {
    return RouterFunctions.resources("/*", new ClassPathResource("console/"));
  }
}
