package io.millrace.inference.requests;

import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.stereotype.Component;

/** Which environment a request means: header, else query, else the default. */
@Component
public final class Targets {

  /** Names the environment. */
  public static final String HEADER = "Millrace-Environment";

  private final String fallback;

  Targets(RequestSettings settings) {
    this.fallback = settings.defaultEnvironment();
  }

  /** The environment a request means. */
  public String environment(ServerHttpRequest request) {
    String header = request.getHeaders().getFirst(HEADER);
    if (header != null && !header.isBlank()) {
      return header.strip();
    }
    String query = request.getQueryParams().getFirst("environment");
    return query == null || query.isBlank() ? fallback : query.strip();
  }
}
