// Package price knows what AWS charges: for an hour of an instance, a gigabyte of a month, a request.
//
// A List is the prices of one region, each with its unit, its source and its date. Of gives the list
// that petalake brings along; Parse reads another, in the same text.
//
//	list, near := price.Of("eu-central-1") // near: its prices are those of another region
//	rate, ok := list.Rate(price.KeyMonth)  // 1 USD for a key and month
//	usd, ok := list.USD("m7g.xlarge")      // for an hour; the same method for rates and instances
//	month := price.Always(usd).Times(price.Month).Add(price.Range{Low: 0, Likely: 5, High: 20})
//
// A Range is US dollars a month: at the least, likely, at most. Prices are list prices, in US dollars
// and without tax; discounts, free tiers and savings plans are left out.
package price
