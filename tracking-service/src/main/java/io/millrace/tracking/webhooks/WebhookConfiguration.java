package io.millrace.tracking.webhooks;

import io.millrace.tracking.webhooks.outbound.AddressPolicy;
import io.millrace.tracking.webhooks.outbound.Authorities;
import io.millrace.tracking.webhooks.outbound.Caller;
import io.millrace.tracking.webhooks.outbound.HostResolver;
import io.millrace.tracking.webhooks.outbound.TargetGuard;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The parts that the settings decide on. */
@Configuration(proxyBeanMethods = false)
class WebhookConfiguration {

  @Bean
  @ConditionalOnMissingBean
  HostResolver hostResolver() {
    return host -> List.of(InetAddress.getAllByName(host));
  }

  @Bean
  TargetGuard targetGuard(WebhookSettings settings, HostResolver resolver) {
    return new TargetGuard(
        settings.allowHttp(),
        settings.allowedPorts(),
        new AddressPolicy(settings.networks()),
        resolver);
  }

  @Bean
  Caller caller(TargetGuard guard, WebhookSettings settings) {
    return new Caller(guard, settings.timeout(), Authorities.with(settings.authorities()));
  }

  @Bean
  SecretBox secretBox(WebhookSettings settings) {
    List<String> keys = new ArrayList<>();
    if (!settings.key().isBlank()) {
      keys.add(settings.key());
    } else if (settings.keyFile() != null) {
      keys.add(KeyFile.readOrMake(settings.keyFile()));
    }
    if (!keys.isEmpty()) {
      keys.addAll(settings.oldKeys());
    }
    return new SecretBox(keys);
  }
}
