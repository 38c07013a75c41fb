package io.millrace.messaging;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import org.springframework.boot.EnvironmentPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.EnumerablePropertySource;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.PropertySource;
import org.springframework.core.io.ClassPathResource;

/**
 * Puts `io/millrace/messaging/defaults.yml` below every other property source of a service, even
 * below the default properties that a program gives its SpringApplication.
 */
final class Defaults implements EnvironmentPostProcessor {

  private static final String NAME = "defaultProperties";
  private static final ClassPathResource FILE =
      new ClassPathResource("defaults.yml", Defaults.class);

  @Override
  public void postProcessEnvironment(
      ConfigurableEnvironment environment, SpringApplication application) {
    Map<String, Object> merged = new HashMap<>();
    try {
      for (PropertySource<?> loaded : new YamlPropertySourceLoader().load("millrace", FILE)) {
        copy(loaded, merged);
      }
    } catch (IOException missing) {
      throw new IllegalStateException("Cannot read " + FILE, missing);
    }
    PropertySource<?> given = environment.getPropertySources().remove(NAME);
    if (given != null) {
      copy(given, merged);
    }
    // Boot keeps the source of this name at the very end.
    environment.getPropertySources().addLast(new MapPropertySource(NAME, merged));
  }

  private static void copy(PropertySource<?> from, Map<String, Object> to) {
    if (from instanceof EnumerablePropertySource<?> listed) {
      for (String name : listed.getPropertyNames()) {
        Object value = listed.getProperty(name);
        if (value != null) {
          to.put(name, value);
        }
      }
    }
  }
}
