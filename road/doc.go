// Package road is the demonstration area: its fleet, where and when it may drive, rides, remote assistance and reports.
package road
