package io.millrace.problems;

import java.nio.charset.StandardCharsets;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import reactor.core.publisher.Mono;

/**
 * Refuses paths with the character NUL, which no name has and no database takes, with 400 in the
 * error form of the API that was called.
 */
@Order(Ordered.HIGHEST_PRECEDENCE)
final class NulInPath implements WebFilter {

  private static final String MESSAGE =
      "Invalid path: it contains the character NUL (%00). Leave it out.";

  @Override
  public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
    String path = exchange.getRequest().getURI().getRawPath();
    return path != null && path.contains("%00") ? refuse(exchange, path) : chain.filter(exchange);
  }

  private static Mono<Void> refuse(ServerWebExchange exchange, String path) {
    MediaType type = MediaType.APPLICATION_JSON;
    String body;
    if (path.contains("/mlflow")) {
      body = "{\"error_code\":\"INVALID_PARAMETER_VALUE\",\"message\":\"" + MESSAGE + "\"}";
    } else if (path.startsWith("/invocations")) {
      body = "{\"error_code\":\"BAD_REQUEST\",\"message\":\"" + MESSAGE + "\"}";
    } else if (path.startsWith("/v2")) {
      body = "{\"error\":\"" + MESSAGE + "\"}";
    } else {
      type = MediaType.APPLICATION_PROBLEM_JSON;
      body =
          "{\"title\":\"Bad Request\",\"status\":400,\"code\":\"invalid-path\",\"detail\":\""
              + MESSAGE
              + "\"}";
    }
    ServerHttpResponse response = exchange.getResponse();
    response.setStatusCode(HttpStatus.BAD_REQUEST);
    response.getHeaders().setContentType(type);
    return response.writeWith(
        Mono.just(response.bufferFactory().wrap(body.getBytes(StandardCharsets.UTF_8))));
  }
}
