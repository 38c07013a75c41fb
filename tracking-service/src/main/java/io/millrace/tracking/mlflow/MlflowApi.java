package io.millrace.tracking.mlflow;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.springframework.core.annotation.AliasFor;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * A controller of MLflow calls, below both of MLflow's prefixes unless it says otherwise. Its
 * methods take an {@link MlflowMessage}, answer with {@link ProtoJson} records and throw {@link
 * MlflowException}.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Documented
@RestController
@RequestMapping
public @interface MlflowApi {

  /** Of clients, version 2.0: nearly all calls. */
  String V2 = "/api/2.0/mlflow";

  /** Of MLflow's own pages, version 2.0. */
  String AJAX_V2 = "/ajax-api/2.0/mlflow";

  /** Of clients, version 3.0: a call is in one of the two versions only. */
  String V3 = "/api/3.0/mlflow";

  /** Of MLflow's own pages, version 3.0. */
  String AJAX_V3 = "/ajax-api/3.0/mlflow";

  /** What stands before the paths of the methods. */
  @AliasFor(annotation = RequestMapping.class, attribute = "path")
  String[] value() default {V2, AJAX_V2};
}
