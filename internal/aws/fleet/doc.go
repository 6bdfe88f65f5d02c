// Package fleet decides what machines of Amazon EMR should exist.
//
// A Policy is what lakehouse.yaml says of them, with the instance types that Choose took from the
// prices of a region. Request writes it as EMR takes it when a cluster is made: the fleets, the scaling
// and the settings of Spark.
//
// EMR replaces Spot that does not come by machines on demand only while a cluster is being made. Decide
// does it afterwards, and all else that has to be decided while clusters run. It is a function of
// values: of the policy, of the World as somebody saw it, of the Memory of earlier decisions. It answers
// with Actions, each with its reason, and a new Memory. Whoever acts on a real cloud, or on the one of
// package rehearse, does the same three things again and again: look, Decide, act.
//
// A unit is a processor (vCPU). What Decide promises, whatever the world does:
//
//	limits   the machines on order and those that run never exceed max, and those on demand max_on_demand
//	budget   an hour never costs more than budget.hour, and a month not more than budget.month
//	jobs     a job runs, or waits and is told for what; one whose cluster is lost starts again behind its last step
//	end      with work that ends and a cloud that gives something now and then, all jobs are done
package fleet
