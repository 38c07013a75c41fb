package io.millrace.tracking.mlflow;

import com.fasterxml.jackson.annotation.JacksonAnnotationsInside;
import com.fasterxml.jackson.annotation.JsonInclude;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.Collection;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.annotation.JsonNaming;

/**
 * A record written as a proto2 message in MLflow's JSON: snake_case names, nulls and empty lists
 * absent, everything else present even where it is zero or empty.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@JacksonAnnotationsInside
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
@JsonInclude(value = JsonInclude.Include.CUSTOM, valueFilter = ProtoJson.Absent.class)
public @interface ProtoJson {

  /** Equal, in the way Jackson asks its filters, to what a message leaves out. */
  final class Absent {

    @Override
    public boolean equals(@Nullable Object value) {
      return value == null || (value instanceof Collection<?> list && list.isEmpty());
    }

    @Override
    public int hashCode() {
      return 0;
    }
  }
}
