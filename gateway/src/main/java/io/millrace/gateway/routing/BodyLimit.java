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

  private static final DataSize SMALL = DataSize.ofMegabytes(1);

  /** tracking-service refuses far less, and tells of it in the request's flow. */
  private static final DataSize TOLD = DataSize.ofMegabytes(16);

  private record Limit(PathPattern pattern, DataSize most) {
    Limit(String path, DataSize most) {
      this(PathPatternParser.defaultInstance.parse(path), most);
    }
  }

  private static final List<Limit> LIMITS =
      List.of(
          new Limit("/api/v1/train-requests", TOLD),
          new Limit("/api/v1/pipelines", SMALL),
          new Limit("/api/v1/promotions", SMALL),
          new Limit("/api/v1/approvals/**", SMALL));

  private final GatewayProblems problems;

  BodyLimit(GatewayProblems problems) {
    this.problems = problems;
  }

  @Override
  public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
    var length = exchange.getRequest().getHeaders().getContentLength();
    if (length <= SMALL.toBytes()) {
      return chain.filter(exchange);
    }
    var most = most(exchange.getRequest().getPath().pathWithinApplication());
    if (length > most) {
      return problems.write(
          exchange,
          HttpStatus.CONTENT_TOO_LARGE,
          "too-large",
          "The body has %d bytes; %s takes at most %d. Large files belong into a dataset or an artifact."
              .formatted(length, exchange.getRequest().getPath().value(), most));
    }
    return chain.filter(exchange);
  }

  private static long most(PathContainer path) {
    return LIMITS.stream()
        .filter(limit -> limit.pattern().matches(path))
        .mapToLong(limit -> limit.most().toBytes())
        .findFirst()
        .orElse(Long.MAX_VALUE);
  }
}
