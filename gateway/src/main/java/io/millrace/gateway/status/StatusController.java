package io.millrace.gateway.status;

import io.millrace.gateway.routing.ServiceAddresses;
import io.millrace.gateway.routing.Upstream;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.springframework.core.ParameterizedTypeReference;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.function.client.WebClient;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** How the services are. */
@RestController
class StatusController {

  private static final Duration PATIENCE = Duration.ofSeconds(2);

  private static final ParameterizedTypeReference<Map<String, Object>> HEALTH =
      new ParameterizedTypeReference<>() {};

  private final ServiceAddresses addresses;
  private final WebClient http = WebClient.create();

  StatusController(ServiceAddresses addresses) {
    this.addresses = addresses;
  }

  /** UP where every service is ready, DEGRADED otherwise. */
  record PlatformStatus(String status, List<ServiceStatus> services) {}

  /** Status is UP, DOWN (answers, but is not ready) or UNREACHABLE. */
  record ServiceStatus(String name, String status, String address) {}

  @GetMapping("/api/v1/status")
  Mono<PlatformStatus> status() {
    return Flux.fromArray(Upstream.values())
        .flatMap(this::statusOf)
        .sort(Comparator.comparing(ServiceStatus::name))
        .collectList()
        .map(
            services ->
                new PlatformStatus(
                    services.stream().allMatch(service -> service.status().equals("UP"))
                        ? "UP"
                        : "DEGRADED",
                    services));
  }

  private Mono<ServiceStatus> statusOf(Upstream upstream) {
    var address = addresses.of(upstream);
    return http.get()
        .uri(address + "/actuator/health/readiness")
        .exchangeToMono(response -> response.bodyToMono(HEALTH))
        .map(health -> "UP".equals(health.get("status")) ? "UP" : "DOWN")
        .timeout(PATIENCE)
        .onErrorReturn("UNREACHABLE")
        .defaultIfEmpty("DOWN")
        .map(status -> new ServiceStatus(upstream.serviceName(), status, address.toString()));
  }
}
