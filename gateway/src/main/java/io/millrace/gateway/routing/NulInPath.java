package io.millrace.gateway.routing;

import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpStatus;
import org.springframework.stereotype.Component;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import reactor.core.publisher.Mono;

/** Refuses paths with the character NUL, wherever they would go. */
@Component
@Order(Ordered.HIGHEST_PRECEDENCE)
class NulInPath implements WebFilter {

  private final GatewayProblems problems;

  NulInPath(GatewayProblems problems) {
    this.problems = problems;
  }

  @Override
  public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
    var path = exchange.getRequest().getURI().getRawPath();
    return path != null && path.contains("%00")
        ? problems.write(
            exchange,
            HttpStatus.BAD_REQUEST,
            "invalid-path",
            "Invalid path: it contains the character NUL (%00). Leave it out.")
        : chain.filter(exchange);
  }
}
