package io.millrace.gateway.routing;

import java.util.List;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpStatus;
import org.springframework.http.server.PathContainer;
import org.springframework.stereotype.Component;
import org.springframework.util.unit.DataSize;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import org.springframework.web.util.pattern.PathPattern;
import org.springframework.web.util.pattern.PathPatternParser;
import reactor.core.publisher.Mono;

/**
 * Refuses a large body, by its announced length, where bodies are small by nature. Artifacts,
 * datasets and predictions have limits of their own in their services, as has a body without an
 * announced length.
 */
@Component
@Order(-10)
class BodyLimit implements WebFilter {

  private static final DataSize LIMIT = DataSize.ofMegabytes(1);

  private static final List<PathPattern> SMALL =
      List.of(
              "/api/v1/train-requests",
              "/api/v1/pipelines",
              "/api/v1/promotions",
              "/api/v1/approvals/**")
          .stream()
          .map(PathPatternParser.defaultInstance::parse)
          .toList();

  private final GatewayProblems problems;

  BodyLimit(GatewayProblems problems) {
    this.problems = problems;
  }

  @Override
  public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
    var length = exchange.getRequest().getHeaders().getContentLength();
    if (length > LIMIT.toBytes()
        && isSmall(exchange.getRequest().getPath().pathWithinApplication())) {
      return problems.write(
          exchange,
          HttpStatus.CONTENT_TOO_LARGE,
          "too-large",
          "The body has %d bytes; %s takes at most %d. Large files belong into a dataset or an artifact."
              .formatted(length, exchange.getRequest().getPath().value(), LIMIT.toBytes()));
    }
    return chain.filter(exchange);
  }

  private static boolean isSmall(PathContainer path) {
    return SMALL.stream().anyMatch(pattern -> pattern.matches(path));
  }
}
