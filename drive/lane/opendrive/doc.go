// Package opendrive reads ASAM OpenDRIVE (.xodr) into a lane map.
package opendrive
