package io.millrace.gateway.browsers;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.stereotype.Component;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import reactor.core.publisher.Mono;

/**
 * Keeps pages of other sites from using a visitor's browser against this server: names that a
 * stranger's name server may have pointed here are refused, and so are changes that come from pages
 * of other origins. It also answers browsers that ask beforehand, and says on every answer that its
 * type is not to be guessed.
 */
@Component
@Order(-20)
class BrowserGuard implements WebFilter {

  private static final Set<String> ANY_HOST = Set.of("/health", "/version");
  private static final Set<HttpMethod> CHANGING =
      Set.of(HttpMethod.POST, HttpMethod.PUT, HttpMethod.DELETE, HttpMethod.PATCH);
  private static final String METHODS = "GET, POST, PUT, DELETE, OPTIONS, PATCH";
  private static final String SECONDS_REMEMBERED = "600";

  private final List<Pattern> hosts;
  private final List<Pattern> origins;
  private final BrowserSettings settings;

  BrowserGuard(BrowserSettings settings) {
    this.settings = settings;
    this.hosts = patterns(settings.allowedHosts());
    this.origins = patterns(settings.allowedOrigins());
  }

  @Override
  public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
    var request = exchange.getRequest();
    var path = request.getPath().pathWithinApplication().value();
    var host = request.getHeaders().getFirst(HttpHeaders.HOST);
    var origin = request.getHeaders().getFirst(HttpHeaders.ORIGIN);
    exchange.getResponse().beforeCommit(() -> Mono.fromRunnable(() -> mark(exchange)));
    if (!allowsHost(host) && !ANY_HOST.contains(path) && !path.startsWith("/actuator/health")) {
      return refuse(exchange, "Invalid Host header - possible DNS rebinding attack detected");
    }
    if (origin == null) {
      return chain.filter(exchange);
    }
    var allowed = allowsOrigin(origin, host);
    if (isPreflight(request)) {
      return allowed ? agree(exchange, origin) : refuse(exchange, "Cross-origin request blocked");
    }
    if (!allowed
        && CHANGING.contains(request.getMethod())
        && (path.startsWith("/api/") || path.startsWith("/ajax-api/"))) {
      return refuse(exchange, "Cross-origin request blocked");
    }
    if (allowed) {
      exchange.getResponse().beforeCommit(() -> Mono.fromRunnable(() -> share(exchange, origin)));
    }
    return chain.filter(exchange);
  }

  private boolean allowsHost(@Nullable String host) {
    if (host == null) {
      return matches(hosts, "");
    }
    var name = HostName.ofAuthority(host);
    return name.isPresent()
        && (name.get().isLocal() || matches(hosts, host) || matches(hosts, name.get().text()));
  }

  private boolean allowsOrigin(String origin, @Nullable String host) {
    var authority = authority(origin);
    var name = HostName.ofAuthority(authority);
    return name.isPresent()
        && (name.get().isThisMachine()
            // A page of this server itself; the name it was called by has been checked.
            || authority.equalsIgnoreCase(host)
            || matches(origins, origin)
            || matches(origins, name.get().text()));
  }

  private static String authority(String origin) {
    try {
      var authority = URI.create(origin).getRawAuthority();
      return authority == null ? "" : authority;
    } catch (IllegalArgumentException noUri) {
      return "";
    }
  }

  private static boolean isPreflight(ServerHttpRequest request) {
    return request.getMethod() == HttpMethod.OPTIONS
        && request.getHeaders().containsHeader(HttpHeaders.ACCESS_CONTROL_REQUEST_METHOD);
  }

  private void mark(ServerWebExchange exchange) {
    var headers = exchange.getResponse().getHeaders();
    headers.set("X-Content-Type-Options", "nosniff");
    if (!settings.frameOptions().equalsIgnoreCase("NONE")) {
      headers.set("X-Frame-Options", settings.frameOptions());
    }
    if (!headers.getVary().contains(HttpHeaders.ORIGIN)) {
      headers.add(HttpHeaders.VARY, HttpHeaders.ORIGIN);
    }
  }

  private static void share(ServerWebExchange exchange, String origin) {
    var headers = exchange.getResponse().getHeaders();
    headers.set(HttpHeaders.ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.set(HttpHeaders.ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
  }

  private static Mono<Void> agree(ServerWebExchange exchange, String origin) {
    share(exchange, origin);
    var headers = exchange.getResponse().getHeaders();
    headers.set(HttpHeaders.ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.set(HttpHeaders.ACCESS_CONTROL_MAX_AGE, SECONDS_REMEMBERED);
    var wanted =
        exchange.getRequest().getHeaders().getFirst(HttpHeaders.ACCESS_CONTROL_REQUEST_HEADERS);
    if (wanted != null) {
      headers.set(HttpHeaders.ACCESS_CONTROL_ALLOW_HEADERS, wanted);
    }
    return write(exchange, HttpStatus.OK, "OK");
  }

  private static Mono<Void> refuse(ServerWebExchange exchange, String reason) {
    return write(exchange, HttpStatus.FORBIDDEN, reason);
  }

  private static Mono<Void> write(ServerWebExchange exchange, HttpStatus status, String text) {
    var response = exchange.getResponse();
    response.setStatusCode(status);
    response.getHeaders().setContentType(MediaType.TEXT_PLAIN);
    var bytes = text.getBytes(StandardCharsets.UTF_8);
    return response.writeWith(Mono.just(response.bufferFactory().wrap(bytes)));
  }

  private static List<Pattern> patterns(List<String> texts) {
    return texts.stream()
        .map(String::strip)
        .filter(text -> !text.isEmpty())
        .map(
            text ->
                Pattern.compile(
                    Stream.of(text.toLowerCase(Locale.ROOT).split("\\*", -1))
                        .map(Pattern::quote)
                        .collect(Collectors.joining(".*"))))
        .toList();
  }

  private static boolean matches(List<Pattern> patterns, String text) {
    var lower = text.toLowerCase(Locale.ROOT);
    return patterns.stream().anyMatch(pattern -> pattern.matcher(lower).matches());
  }
}
